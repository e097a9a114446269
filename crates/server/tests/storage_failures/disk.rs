//! File systems of our own, to be filled, frozen and broken.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::run;

const MEGABYTE: u64 = 1024 * 1024;

/// A mounted file system. It is unmounted when dropped.
pub(crate) struct Disk {
    /// Where its image and its mount point are.
    directory: TempDir,
    is_mounted: bool,
}

impl Disk {
    /// A file system in memory.
    pub(crate) fn tmpfs(megabytes: u64) -> Result<Self, String> {
        let mut disk = Self::unmounted();
        let size = format!("size={megabytes}m");
        disk.mount_with(&["-t", "tmpfs", "-o", &size, "tmpfs"])?;
        Ok(disk)
    }

    /// A file system of the usual kind in an image file, that turns read-only at an error.
    pub(crate) fn ext4(megabytes: u64) -> Result<Self, String> {
        let mut disk = Self::unmounted();
        let image = disk.image();
        let file = File::create(&image).map_err(|error| error.to_string())?;
        file.set_len(megabytes * MEGABYTE)
            .map_err(|error| error.to_string())?;
        run("mkfs.ext4", &["-q", "-F", "-m", "0", &image])?;
        disk.mount()?;
        Ok(disk)
    }

    fn unmounted() -> Self {
        let directory = TempDir::new().unwrap();
        fs::create_dir(directory.path().join("mount")).unwrap();
        Self {
            directory,
            is_mounted: false,
        }
    }

    /// Mounts the image, which may have been left in disorder.
    pub(crate) fn mount(&mut self) -> Result<(), String> {
        let image = self.image();
        self.mount_with(&["-o", "loop,errors=remount-ro", &image])
    }

    /// Mounts it once more, with other options.
    pub(crate) fn remount(&self, options: &str) -> Result<(), String> {
        let options = format!("remount,{options}");
        run("mount", &["-o", &options, &self.mount_point()])
    }

    pub(crate) fn unmount(&mut self) -> Result<(), String> {
        run("umount", &[&self.mount_point()])?;
        self.is_mounted = false;
        Ok(())
    }

    /// Repairs the image, as is done before a disk that was in disorder is mounted again.
    pub(crate) fn repair(&self) {
        // It exits with 1 after it has repaired something.
        let _ = run("e2fsck", &["-f", "-y", &self.image()]);
    }

    /// Lets no write return, until thawed.
    pub(crate) fn freeze(&self) -> Result<Frozen, String> {
        let mount_point = self.mount_point();
        run("fsfreeze", &["--freeze", &mount_point])?;
        Ok(Frozen(mount_point))
    }

    /// Lets the kernel believe that it found an error, so that it turns the disk read-only.
    pub(crate) fn break_down(&self) -> Result<(), String> {
        let mounts = fs::read_to_string("/proc/mounts").map_err(|error| error.to_string())?;
        let mount_point = self.mount_point();
        let device = mounts
            .lines()
            .filter(|line| line.split(' ').nth(1) == Some(&mount_point))
            .find_map(|line| line.split(' ').next()?.strip_prefix("/dev/"))
            .ok_or("it is not mounted")?;
        let trigger = format!("/sys/fs/ext4/{device}/trigger_fs_error");
        fs::write(&trigger, "test").map_err(|error| format!("{trigger}: {error}"))
    }

    /// Takes up so much of the space that this much is left.
    pub(crate) fn fill_but(&self, megabytes: u64) -> PathBuf {
        let path = self.path().join("filler");
        let mut filler = File::create(&path).unwrap();
        let chunk = vec![b'x'; usize::try_from(MEGABYTE).unwrap()];
        while std::io::Write::write_all(&mut filler, &chunk).is_ok() {}
        let length = filler.metadata().unwrap().len();
        filler
            .set_len(length.saturating_sub(megabytes * MEGABYTE))
            .unwrap();
        filler.sync_all().unwrap();
        path
    }

    /// Where it is mounted.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("mount")
    }

    fn mount_point(&self) -> String {
        text(&self.path())
    }

    fn image(&self) -> String {
        text(&self.directory.path().join("image"))
    }

    fn mount_with(&mut self, arguments: &[&str]) -> Result<(), String> {
        let mount_point = self.mount_point();
        run("mount", &[arguments, &[&mount_point]].concat())?;
        self.is_mounted = true;
        Ok(())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.is_mounted && self.unmount().is_err() {
            let _ = run("umount", &["--lazy", &self.mount_point()]);
        }
    }
}

/// A file system on which no write returns. It is thawed when this is dropped.
pub(crate) struct Frozen(String);

impl Drop for Frozen {
    fn drop(&mut self) {
        run("fsfreeze", &["--unfreeze", &self.0]).unwrap();
    }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
