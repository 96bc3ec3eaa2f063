//! Clusters: an archive in Parquet, judged by Spark.
//!
//! ```text
//! spark-submit sealgate_spark.py hdfs:///archive/2019 --out hdfs:///reports/2019 --trust ca.pem --at message
//! ```
//!
//! `sealgate_spark.py` is in the wheel for Python (README.md, "Verify an archive"), which has to be installed where Python runs on every node, with `pyarrow` and `pandas`. It needs
//! Spark 4 and Java 17. Its options are those of [`batch verify`](super::archives) that say how to judge; `--column` and `--name-column` are the columns of messages and of
//! names. `sealgate_spark.verify(frame, …)` does the same for a DataFrame of one's own.
//!
//! # What comes out
//!
//! `results.parquet` and `results.jsonl`, each a folder of parts, with the rows and objects that `batch verify` writes for the same path, in no order; causes and their counts on
//! standard output; and the same exit codes. The other reports are made by `batch verify` alone. An executor that is lost costs nothing: Spark does its tasks again, and a judgement is the
//! same each time. Otherwise than `batch verify`, which reports it and goes on, the job fails with a file that cannot be read to its end, or that holds more messages than its bytes explain
//! (`limit.archive`). With millions of named messages in one file, `batch verify` may take a new name for one that was there and put the place behind it; Spark does not.
//!
//! The files that options name are read where the job is started, and travel with it: private keys and passwords too. Encrypt the traffic of such a cluster
//! (`spark.network.crypto.enabled`), and let nobody read its event logs who may not have the keys. A task has 256 messages in memory
//! at a time (`spark.sql.execution.arrow.maxRecordsPerBatch`).
//!
//! # When it pays
//!
//! When the archive is in the cluster's storage already, or when one machine would take hours. Not before: `batch verify` needs no start, uses every core, and says more.
//! `make test-spark SPARK_PROFILE=release SPARK_MESSAGES=20000` prints both on one machine. With two executors of one core each, as against `batch verify` on the same two cores, 20,000 messages of
//! the example archive took 70.8 s and 9.3 s (load 15, that of other work); 2,000 with a debug build 33.8 s and 1.5 s (load 10). So a job of Spark spends half a minute on
//! its start, which a busy machine makes minutes, and each core of it did less than a fourth of what one does for `batch verify`: messages go through the JVM to Python and
//! back, and results are written twice. By these figures a cluster overtakes a machine of the same kind with five times its cores and more.
