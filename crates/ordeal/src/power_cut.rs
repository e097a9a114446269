//! Rounds of work and power cuts: what is on the device stays, all else is lost.
//!
//! The location is on an ext4 file system in an image file. At a random moment the server is
//! stopped and the image copied: the copy holds all that was handed to the device, and neither
//! the kernel's pages nor the file system's open transaction. It is mounted in the place of the
//! first, and the server has to make do with it. A device that reorders or drops what it was
//! given is not modeled.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::SystemTime;

use queuerite_testkit::SeededEntropy;

use crate::crash::{Plan, vary};
use crate::findings::{Kind, Report};
use crate::load::Load;
use crate::relocation;
use crate::server::{Server, free_port};

/// The size of the image, most of which is never written.
const IMAGE_BYTES: u64 = 2 << 30;
/// How often the image is copied until nobody writes to it meanwhile.
const COPIES_MAX: u32 = 20;

/// Lets a server work and cuts its power, again and again, and compares after every restart.
pub fn run(plan: &Plan) -> Report {
    let mut chance = SeededEntropy::new(plan.seed);
    let mut load = Load::new(plan.clients, plan.seed);
    let log = plan.directory.join("server.log");
    let mut disk = Disk::new(&plan.directory, 0);
    for round in 0..=plan.rounds {
        let _ = fs::remove_file(&log);
        let location = disk.mount.join("location");
        let server = match Server::start(&plan.template, &location, free_port(), &log) {
            Ok(server) => server,
            Err(how) => {
                load.find(Kind::NotStarted, how);
                drop(disk);
                disk = Disk::new(&plan.directory, round + 1);
                load.begin_anew();
                continue;
            }
        };
        load.check(server.address);
        if round == plan.rounds {
            load.drain(server.address);
            server.end_by("TERM");
            break;
        }
        let time = vary(&mut chance, &mut load, plan);
        let (next, ends) = load.work(server.address, || {
            thread::sleep(time);
            server.freeze();
            let image = disk.copy_image(round + 1);
            server.kill();
            image
        });
        load.expect_closed(&ends);
        load.ends().working += 1;
        relocation::note(&log, load.ends());
        drop(disk);
        disk = Disk::mount(next);
        if (round + 1) % 10 == 0 {
            println!("{} after {} cuts", load.report().sum(), round + 1);
        }
    }
    load.report().clone()
}

/// A mounted image. Both are gone when this is dropped.
struct Disk {
    image: PathBuf,
    mount: PathBuf,
}

impl Disk {
    fn new(directory: &Path, number: u32) -> Self {
        let image = directory.join(format!("disk-{number}.image"));
        fs::File::create(&image)
            .and_then(|file| file.set_len(IMAGE_BYTES))
            .unwrap();
        // All is laid out at once, so that nobody writes in the background.
        let lay_out = "lazy_itable_init=0,lazy_journal_init=0";
        run_command("mkfs.ext4", &["-q", "-F", "-E", lay_out], &[&image]);
        Self::mount(image)
    }

    fn mount(image: PathBuf) -> Self {
        let mount = image.with_extension("mount");
        fs::create_dir_all(&mount).unwrap();
        run_command("mount", &["-o", "loop"], &[&image, &mount]);
        Self { image, mount }
    }

    /// Copies the image as it is at one moment.
    fn copy_image(&self, number: u32) -> PathBuf {
        let copy = self.image.with_file_name(format!("disk-{number}.image"));
        for _ in 0..COPIES_MAX {
            let before = self.last_write();
            run_command("cp", &["--sparse=always"], &[&self.image, &copy]);
            if self.last_write() == before {
                return copy;
            }
        }
        panic!("the image never rests");
    }

    fn last_write(&self) -> SystemTime {
        fs::metadata(&self.image).unwrap().modified().unwrap()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.mount).status();
        let _ = fs::remove_dir(&self.mount);
        let _ = fs::remove_file(&self.image);
    }
}

fn run_command(program: &str, arguments: &[&str], paths: &[&Path]) {
    let output = Command::new(program).args(arguments).args(paths).output();
    let output = output.unwrap_or_else(|error| panic!("cannot run {program}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {paths:?}: {errors}");
}
