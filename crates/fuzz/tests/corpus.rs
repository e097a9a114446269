//! Every input of the corpus, shown to its target.

#![allow(clippy::unwrap_used, reason = "in a test a wrong value may end it")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use queuerite_fuzz::TARGETS;

#[test]
fn every_target_takes_every_input_of_its_folder() {
    let mut failed = Vec::new();
    for (name, target) in TARGETS {
        let inputs = entries(&corpus().join(name));
        assert!(inputs.len() >= INPUTS_MIN, "{name} has hardly any inputs");
        for path in inputs {
            let input = fs::read(&path).unwrap();
            if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
                failed.push(path);
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn every_target_is_built_for_the_fuzzer_and_every_folder_is_that_of_a_target() {
    let mut names: Vec<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    names.sort();
    let stems = |folder: &str| -> Vec<_> {
        let entries = entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
        let stems = entries.iter().map(|path| path.file_stem().unwrap());
        stems
            .map(|stem| stem.to_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(stems("corpus"), names);
    assert_eq!(stems("harness/fuzz_targets"), names);
}

#[test]
fn the_corpus_stays_small() {
    let folders = entries(&corpus());
    let files: Vec<_> = folders.iter().flat_map(|folder| entries(folder)).collect();
    let bytes: u64 = files
        .iter()
        .map(|path| path.metadata().unwrap().len())
        .sum();
    assert!(files.len() <= FILES_MAX, "{} files", files.len());
    assert!(bytes <= BYTES_MAX, "{bytes} bytes");
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut entries: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

const INPUTS_MIN: usize = 5;
const FILES_MAX: usize = 1000;
const BYTES_MAX: u64 = 1024 * 1024;
