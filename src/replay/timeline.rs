//! When each event of a replay is due, with idle time shortened.

use std::rc::Rc;

use super::time::Recorded;
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
    /// As recorded, which may fall.
    recorded: Vec<Option<Recorded>>,
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
                events.push((hit.position, hit.timestamp.and_then(Recorded::read)));
                true
            })
            .await?;
        Ok(Timeline::new(events, max_idle))
    }

    /// A timeline of events and their recorded times. An idle time of more than `max_idle`
    /// milliseconds counts as that.
    #[must_use]
    pub fn new(events: Vec<(Position, Option<Recorded>)>, max_idle: Option<f64>) -> Timeline {
        let mut timeline = Timeline::default();
        let mut last = None;
        let mut due = 0.0;
        for (position, recorded) in events {
            if let Some(Recorded { time, .. }) = recorded {
                let idle = time - last.unwrap_or(time);
                due += idle.min(max_idle.unwrap_or(f64::INFINITY)).max(0.0);
                last = Some(time.max(last.unwrap_or(time)));
            }
            timeline.positions.push(position);
            timeline.due.push(due);
            timeline.recorded.push(recorded);
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

    /// When the event at `index` was recorded, where it says so.
    #[must_use]
    pub fn recorded(&self, index: usize) -> Option<Recorded> {
        self.recorded.get(index).copied().flatten()
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

    /// Whether the event at this position is among them.
    #[must_use]
    pub fn has(&self, position: Position) -> bool {
        self.positions.binary_search(&position).is_ok()
    }

    /// How many events come before the first one that was recorded after this time, in milliseconds
    /// since the Unix epoch. Those recorded without a zone are compared with `local`, the same time
    /// on the viewer's clock as if that were UTC.
    #[must_use]
    pub fn recorded_by(&self, time: f64, local: f64) -> usize {
        let mut dated = self.recorded.iter().enumerate();
        let mut before = false;
        let later = dated.find_map(|(index, recorded)| {
            let at = (*recorded)?;
            let is_later = at.time > if at.zoned { time } else { local };
            // Those before the first that says when it was are due with it.
            let index = if before { index } else { 0 };
            before = true;
            is_later.then_some(index)
        });
        later.unwrap_or(self.len())
    }
}
