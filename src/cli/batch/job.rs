//! What a job is: its sources, and the identity by which the same command is known again.

use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::algorithm::DigestAlgorithm;
use crate::batch::Identity;
use crate::batch::source::{ResultsFolder, Source};
use crate::cli::args::BatchVerifyArguments;
use crate::cli::exit::Stop;
use crate::cli::inputs;
use crate::crypto::Digester;

/// The sources as typed, those of `--list` last.
pub(super) fn sources(arguments: &BatchVerifyArguments) -> Result<Vec<Source>, Stop> {
    let typed = arguments.sources.iter().map(|path| source(path));
    let listed = arguments.list.iter().cloned().map(Source::List).map(Ok);
    let sources = typed.chain(listed).collect::<Result<Vec<_>, _>>()?;
    // What is not there yet holds nothing that could be named.
    let results = ResultsFolder::at(&arguments.out).ok();
    match results.and_then(|results| results.named_by(&sources)) {
        None => Ok(sources),
        Some(named) => Err(Stop::usage(format_args!(
            "{} is in the folder where the results are written: name another with --out",
            named.display()
        ))),
    }
}

fn source(typed: &Path) -> Result<Source, Stop> {
    let bytes = typed.as_os_str().as_bytes();
    if let Some(list) = bytes.strip_prefix(b"@") {
        return Ok(Source::List(std::ffi::OsStr::from_bytes(list).into()));
    }
    if typed.as_os_str() == "-" {
        return Err(Stop::usage(
            "an archive has to be read again to go on: name files, not standard input",
        ));
    }
    if bytes.starts_with(b"s3://") {
        return store(typed);
    }
    // A file is what it is called, whatever characters are in its name.
    let is_pattern = bytes.iter().any(|byte| b"*?[".contains(byte)) && !typed.exists();
    Ok(match typed.to_str() {
        Some(pattern) if is_pattern => Source::Glob(pattern.to_owned()),
        _ => Source::Path(typed.to_owned()),
    })
}

#[cfg(feature = "s3")]
fn store(typed: &Path) -> Result<Source, Stop> {
    let url = typed
        .to_str()
        .ok_or_else(|| Stop::usage("the name of an object is not UTF-8"))?;
    Ok(Source::Store(url.to_owned()))
}

#[cfg(not(feature = "s3"))]
fn store(_: &Path) -> Result<Source, Stop> {
    Err(Stop::usage(
        "this program was built without object stores: build it with `cargo build --release --locked --features s3`",
    ))
}

/// Everything that decides which results a job has: this program, the sources as named, the options, and the content of what they
/// name. Not the number of threads, and not the archive, which may grow.
pub(super) fn identity(arguments: &BatchVerifyArguments) -> Result<Identity, Stop> {
    let gate = &arguments.gate;
    let mut parts = Parts::default();
    parts.text("version", env!("CARGO_PKG_VERSION"))?;
    parts.add("sources", |hash| {
        let sources = arguments.sources.iter().chain(&arguments.list);
        sources.for_each(|source| hash.bytes(source.as_os_str().as_bytes()));
        Ok(())
    })?;
    let policy = toml::to_string(&inputs::judging_policy(&gate.judging)?).map_err(Stop::failed)?;
    parts.text("--policy", &policy)?;
    let party = gate.party.relying_party();
    let options: [(&str, &dyn fmt::Debug); 7] = [
        ("--at", &gate.judging.at),
        ("--column", &arguments.column),
        ("--name-column", &arguments.name_column),
        ("--id-attr", &arguments.ids.id_attributes),
        ("--role", &gate.role),
        ("--tls", &gate.tls),
        ("--validation-reports", &arguments.validation_reports),
    ];
    for (name, option) in options {
        parts.text(name, &format!("{option:?}"))?;
    }
    parts.text("--audience, --recipient or request", &format!("{party:?}"))?;
    let during = &gate.trust.trust_during;
    let secret_keys = &gate.keys.secret_key;
    let files: [(&'static str, Vec<(String, &PathBuf)>); 12] = [
        (
            "trust-during",
            during
                .iter()
                .map(|one| (one.period.to_string(), &one.path))
                .collect(),
        ),
        (
            "secret-key",
            secret_keys
                .iter()
                .map(|one| (one.name.clone().unwrap_or_default(), &one.path))
                .collect(),
        ),
        ("trust", unnamed(&gate.trust.trust)),
        ("untrusted", unnamed(&gate.trust.untrusted)),
        ("crl", unnamed(&gate.trust.crl)),
        ("metadata", unnamed(&gate.party.metadata.metadata)),
        ("metadata-signer", unnamed(&gate.party.metadata.metadata_signer)),
        ("key", unnamed(&gate.keys.key)),
        ("cert", unnamed(&gate.keys.cert)),
        ("user-hashes", unnamed(&gate.users.user_hashes)),
        ("user-secrets", unnamed(&gate.users.user_secrets)),
        ("user-secrets-key", unnamed(&gate.users.user_secrets_key)),
    ];
    for (option, paths) in files {
        parts.add(&format!("--{option}"), |hash| {
            paths.iter().try_for_each(|(name, path)| {
                hash.text(name);
                hash.file_or_folder(path).map_err(|error| {
                    inputs::unusable(option, &format_args!("{}: {error}", path.to_string_lossy()))
                })
            })
        })?;
    }
    parts.finish()
}

fn unnamed<'p>(paths: impl IntoIterator<Item = &'p PathBuf>) -> Vec<(String, &'p PathBuf)> {
    paths.into_iter().map(|path| (String::new(), path)).collect()
}

/// The hashes of what makes a job, by name.
#[derive(Default)]
struct Parts(Vec<(String, String)>);

impl Parts {
    fn text(&mut self, name: &str, text: &str) -> Result<(), Stop> {
        self.add(name, |hash| {
            hash.text(text);
            Ok(())
        })
    }

    /// Adds what `write` hashes.
    fn add(&mut self, name: &str, write: impl FnOnce(&mut Hash) -> Result<(), Stop>) -> Result<(), Stop> {
        let mut hash = Hash::new();
        write(&mut hash)?;
        self.0.push((name.to_owned(), hash.finish()?));
        Ok(())
    }

    fn finish(self) -> Result<Identity, Stop> {
        let mut all = Hash::new();
        for (name, hash) in &self.0 {
            all.text(name);
            all.text(hash);
        }
        Ok(Identity::new(all.finish()?, self.0))
    }
}

struct Hash(Digester);

impl Hash {
    fn new() -> Self {
        Self(Digester::new(DigestAlgorithm::Sha256))
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// With their length before them, so that no two lists look the same.
    fn bytes(&mut self, bytes: &[u8]) {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.0.update(&length.to_be_bytes());
        self.0.update(bytes);
    }

    fn file_or_folder(&mut self, path: &Path) -> std::io::Result<()> {
        if !path.is_dir() {
            return self.file(path);
        }
        // Deeper folders are not read as trust either.
        let entries: Result<Vec<_>, _> = fs::read_dir(path)?.collect();
        let mut paths: Vec<PathBuf> = entries?.into_iter().map(|entry| entry.path()).collect();
        paths.sort_unstable();
        for path in paths.into_iter().filter(|path| path.is_file()) {
            self.bytes(path.as_os_str().as_bytes());
            self.file(&path)?;
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> std::io::Result<()> {
        let mut content = Digester::new(DigestAlgorithm::Sha256);
        let mut file = File::open(path)?;
        let mut piece = vec![0; 1 << 16];
        loop {
            let count = file.read(&mut piece)?;
            if count == 0 {
                break;
            }
            content.update(piece.get(..count).unwrap_or_default());
        }
        let digest = content.finish().map_err(std::io::Error::other)?;
        self.bytes(digest.as_bytes());
        Ok(())
    }

    fn finish(self) -> Result<String, Stop> {
        self.0
            .finish()
            .map(|digest| format!("{digest:?}"))
            .map_err(Stop::failed)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::*;

    #[cfg(not(feature = "s3"))]
    #[test]
    fn a_program_without_object_stores_says_how_to_build_one_that_has_them() {
        let stop = source(Path::new("s3://bucket/prefix")).unwrap_err();
        assert!(format!("{stop:?}").contains("--features s3"), "{stop:?}");
    }

    #[test]
    fn a_job_is_another_where_the_content_of_a_file_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let files = [
            "trust",
            "untrusted",
            "crl",
            "metadata",
            "metadata-signer",
            "key",
            "cert",
            "secret-key",
        ];
        let users = ["user-hashes", "user-secrets", "user-secrets-key"];
        let files = [&files[..], &users[..]].concat();
        let mut typed = vec![
            "verify".to_owned(),
            "--out".to_owned(),
            path("out"),
            path("archive"),
        ];
        for file in &files {
            std::fs::write(path(file), "one").unwrap();
            typed.extend([format!("--{file}"), path(file)]);
        }
        std::fs::write(path("during"), "one").unwrap();
        typed.extend(["--trust-during".to_owned(), format!("../..={}", path("during"))]);
        let matches = BatchVerifyArguments::augment_args(Command::new("verify")).get_matches_from(typed);
        let arguments = BatchVerifyArguments::from_arg_matches(&matches).unwrap();
        let mut before = identity(&arguments).unwrap();
        assert_eq!(identity(&arguments).unwrap(), before);
        for file in files.into_iter().chain(["during"]) {
            std::fs::write(path(file), "two").unwrap();
            let after = identity(&arguments).unwrap();
            assert_ne!(after.job, before.job, "{file}");
            before = after;
        }
        let reporting = BatchVerifyArguments {
            validation_reports: true,
            ..arguments
        };
        assert_ne!(identity(&reporting).unwrap().job, before.job);
    }
}
