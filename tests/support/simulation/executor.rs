//! Tasks that take turns by chance: the same seed, the same turns.

use std::cell::Cell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::random::Random;

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Task {
    owner: usize,
    /// It waits for what comes, and does not end by itself.
    endless: bool,
    woken: Arc<Woken>,
    ended: Rc<Cell<bool>>,
    future: Pin<Box<dyn Future<Output = ()>>>,
}

/// Runs a future that needs nobody else to go on.
pub fn alone<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1_000_000 {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
    panic!("it waits for ever")
}

/// All that goes on at once.
#[derive(Default)]
pub struct Executor {
    tasks: Vec<Task>,
}

impl Executor {
    /// Begins a task of an owner.
    pub fn spawn(
        &mut self,
        owner: usize,
        endless: bool,
        future: impl Future<Output = ()> + 'static,
    ) {
        self.tasks.push(Task {
            owner,
            endless,
            woken: Arc::new(Woken(AtomicBool::new(true))),
            ended: Rc::default(),
            future: Box::pin(future),
        });
    }

    /// Lets any one task go on; `false` where none can.
    pub fn step(&mut self, random: &mut Random) -> bool {
        let ready = |task: &Task| task.woken.0.load(Ordering::Relaxed);
        let count = self.tasks.iter().filter(|task| ready(task)).count();
        if count == 0 {
            return false;
        }
        let chosen = random.below(count as u64) as usize;
        let found = self.tasks.iter().enumerate();
        let index = found.filter(|(_, task)| ready(task)).nth(chosen);
        let index = index.expect("it was counted").0;
        let task = &mut self.tasks[index];
        task.woken.0.store(false, Ordering::Relaxed);
        let waker = Waker::from(Arc::clone(&task.woken));
        if let Poll::Ready(()) = task.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            let task = self.tasks.swap_remove(index);
            task.ended.set(true);
        }
        true
    }

    /// How many tasks are under way that end by themselves.
    pub fn under_way(&self) -> usize {
        self.tasks.iter().filter(|task| !task.endless).count()
    }

    /// Drops one task midway, as when its caller goes.
    pub fn cancel_any(&mut self, random: &mut Random) {
        let going = self.tasks.iter().enumerate();
        let going: Vec<usize> = going
            .filter(|(_, task)| !task.endless)
            .map(|(index, _)| index)
            .collect();
        if !going.is_empty() {
            drop(self.tasks.swap_remove(*random.pick(&going)));
        }
    }

    /// Drops all tasks of an owner midway.
    pub fn kill(&mut self, owner: usize) {
        self.tasks.retain(|task| task.owner != owner);
    }
}
