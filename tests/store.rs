//! Archives in an object store that speaks S3, over HTTP. The tests are in Python, as moto is, which is the store: `make setup-s3`
//! installs both.

use std::io;
use std::path::Path;
use std::process::Command;

#[test]
fn archives_in_an_object_store_are_judged_as_those_in_folders() -> io::Result<()> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let status = Command::new(package.join("build/s3/bin/python"))
        .current_dir(package)
        .args([
            "-m",
            "unittest",
            "discover",
            "-v",
            "-s",
            "tests/batch",
            "-p",
            "store.py",
        ])
        .env("SEALGATE", env!("CARGO_BIN_EXE_sealgate"))
        .status()?;
    assert!(status.success(), "{status}");
    Ok(())
}
