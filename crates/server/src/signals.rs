//! How the system tells a server to stop.

#[cfg(unix)]
pub use on_unix::Signals;
#[cfg(windows)]
pub use on_windows::Signals;

#[cfg(unix)]
mod on_unix {
    use std::io;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// Interrupt and terminate, received from when this is made.
    #[derive(Debug)]
    pub struct Signals {
        interrupt: Signal,
        terminate: Signal,
    }

    impl Signals {
        /// # Errors
        ///
        /// When the system does not let this process receive them.
        pub fn hook() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
            })
        }

        /// Waits until one is received.
        pub async fn receive(&mut self) {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
            }
        }
    }
}

#[cfg(windows)]
mod on_windows {
    use std::io;

    use tokio::signal::windows::{
        CtrlBreak, CtrlC, CtrlClose, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown,
    };

    /// What a console sends to its programs, received from when this is made: Ctrl+C, Ctrl+Break, that
    /// it is closed, and that the system shuts down.
    #[derive(Debug)]
    pub struct Signals {
        interrupt: CtrlC,
        end: CtrlBreak,
        close: CtrlClose,
        shutdown: CtrlShutdown,
    }

    impl Signals {
        /// # Errors
        ///
        /// When the system does not let this process receive them.
        pub fn hook() -> io::Result<Self> {
            Ok(Self {
                interrupt: ctrl_c()?,
                end: ctrl_break()?,
                close: ctrl_close()?,
                shutdown: ctrl_shutdown()?,
            })
        }

        /// Waits until one is received.
        pub async fn receive(&mut self) {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.end.recv() => {}
                _ = self.close.recv() => {}
                _ = self.shutdown.recv() => {}
            }
        }
    }
}
