//! A log as a file, written piece by piece.

use std::rc::Rc;

use super::log::Log;
use super::search::{Search, SearchOptions};
use crate::error::Result;
use crate::event::trajectory;

/// The form of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportFormat {
    /// The server's trajectory export: one JSON array.
    #[default]
    Trajectory,
    /// Every event whole, one to a line.
    JsonLines,
}

/// An export under way: it holds one piece at a time.
pub struct Export {
    search: Search,
    format: ExportFormat,
    screenshots: bool,
    begun: bool,
    ended: bool,
}

impl Log {
    /// Begins an export of the whole log. Screenshots concern the trajectory only.
    #[must_use]
    pub fn export(self: &Rc<Log>, format: ExportFormat, screenshots: bool) -> Export {
        let search = self.search(&SearchOptions::default());
        Export {
            search,
            format,
            screenshots,
            begun: false,
            ended: false,
        }
    }
}

impl Export {
    /// The next piece of the file, about a megabyte; `None` at its end.
    ///
    /// # Errors
    /// What the backend answers.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        if self.ended {
            return Ok(None);
        }
        let array = self.format == ExportFormat::Trajectory;
        let mut piece = Vec::new();
        let Some(batch) = self.search.next(usize::MAX).await? else {
            self.ended = true;
            if array {
                piece.extend_from_slice(if self.begun { b"\n]\n" } else { b"[]\n" });
            }
            return Ok(Some(piece));
        };
        piece.reserve(
            batch
                .bytes
                .len()
                .saturating_add(batch.len().saturating_mul(2)),
        );
        for text in batch.texts() {
            if array {
                piece.extend_from_slice(if self.begun { b",\n" } else { b"[\n" });
                piece.extend_from_slice(trajectory(text, self.screenshots).as_bytes());
            } else {
                piece.extend_from_slice(text.as_bytes());
                piece.push(b'\n');
            }
            self.begun = true;
        }
        Ok(Some(piece))
    }
}
