//! When each event of a replay is due, with idle time shortened.

use std::rc::Rc;

use super::time::milliseconds;
use crate::error::Result;
use crate::event::Position;
use crate::filter::EventFilter;
use crate::store::{Log, SearchOptions};

/// The events of a replay: their places, and when they are due.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    positions: Vec<Position>,
    /// Milliseconds since the first event, idle time shortened; never falling.
    due: Vec<f64>,
    /// Milliseconds since the epoch as recorded; never falling.
    recorded: Vec<f64>,
}

impl Timeline {
    /// Reads the timestamps of the events that match. An event without a usable timestamp is due
    /// with the one before it.
    ///
    /// # Errors
    /// What the backend answers.
    pub async fn read(
        log: &Rc<Log>,
        filter: Option<EventFilter>,
        max_idle: Option<f64>,
    ) -> Result<Timeline> {
        let mut events = Vec::new();
        let mut search = log.search(&SearchOptions {
            filter,
            ..SearchOptions::default()
        });
        search
            .run(&mut |hit| {
                events.push((hit.position, hit.timestamp.and_then(milliseconds)));
                true
            })
            .await?;
        Ok(Timeline::new(events, max_idle))
    }

    /// A timeline of events and their recorded times. An idle time of more than `max_idle`
    /// milliseconds counts as that.
    #[must_use]
    pub fn new(events: Vec<(Position, Option<f64>)>, max_idle: Option<f64>) -> Timeline {
        let mut timeline = Timeline::default();
        let mut last = events.iter().find_map(|(_, time)| *time).unwrap_or(0.0);
        let mut due = 0.0;
        for (position, time) in events {
            let time = time.unwrap_or(last).max(last);
            due += (time - last).min(max_idle.unwrap_or(f64::INFINITY).max(0.0));
            last = time;
            timeline.positions.push(position);
            timeline.due.push(due);
            timeline.recorded.push(time);
        }
        timeline
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// The position of the event at `index`.
    #[must_use]
    pub fn position(&self, index: usize) -> Option<Position> {
        self.positions.get(index).copied()
    }

    /// When the event at `index` is due, in milliseconds since the first event.
    #[must_use]
    pub fn due(&self, index: usize) -> Option<f64> {
        self.due.get(index).copied()
    }

    /// When the event at `index` was recorded, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn recorded(&self, index: usize) -> Option<f64> {
        self.recorded.get(index).copied()
    }

    /// Milliseconds from the first event to the last.
    #[must_use]
    pub fn duration(&self) -> f64 {
        self.due.last().copied().unwrap_or(0.0)
    }

    /// How many events are due at this time of the timeline, in milliseconds.
    #[must_use]
    pub fn due_by(&self, time: f64) -> usize {
        self.due.partition_point(|due| *due <= time)
    }

    /// How many events lie at or before this position.
    #[must_use]
    pub fn up_to(&self, position: Position) -> usize {
        self.positions.partition_point(|at| *at <= position)
    }

    /// How many events were recorded at or before this time, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn recorded_by(&self, time: f64) -> usize {
        self.recorded.partition_point(|at| *at <= time)
    }
}
