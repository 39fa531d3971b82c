//! Random batches against a map.

use std::collections::BTreeMap;
use std::rc::Rc;

use oh_event_store::backend::{Backend, Durability, Expected, Table, Write, WriteBatch};
use oh_event_store::error::Error;

use super::key;

const IDS: [&str; 4] = ["a", "ab", "b", "😀"];
const NUMBERS: std::ops::Range<i64> = -4..8;

type Records = BTreeMap<(Table, String, i64), Vec<u8>>;

/// Applies random batches to both and compares all records after each.
pub async fn agree_with_a_map(backend: &impl Backend, seed: u64) {
    let mut random = Random(seed);
    let mut records = Records::new();
    for step in 0..40 {
        let at = format!("seed {seed}, step {step}");
        let batch = batch(&mut random, &records);
        let wanted = match &batch.expected {
            Some(e) if records.get(&place(e)) != e.value.as_ref() => Err(Error::Conflict.into()),
            _ => Ok(()),
        };
        if wanted.is_ok() {
            for write in &batch.writes {
                apply(&mut records, write);
            }
        }
        let durability = random.pick(&[Durability::Relaxed, Durability::Strict]);
        let answer = backend.commit(batch.clone(), durability).await;
        assert_eq!(answer, wanted, "{at}: {batch:?}");
        assert_eq!(everything(backend).await, records, "{at}: {batch:?}");

        let (table, id) = (random.pick(&Table::ALL), random.pick(&IDS));
        let asked: Vec<i64> = (0..random.below(6)).map(|_| random.number()).collect();
        let found = backend.get_many(table, &Rc::from(id), &asked).await;
        let wanted = asked
            .iter()
            .map(|n| records.get(&(table, id.to_owned(), *n)).cloned());
        assert_eq!(
            found,
            Ok(wanted.collect()),
            "{at}: {table:?} {id} {asked:?}"
        );
    }
}

fn batch(random: &mut Random, records: &Records) -> WriteBatch {
    let expected = (random.below(3) > 0).then(|| {
        let (table, id, number) = (random.pick(&Table::ALL), random.pick(&IDS), random.number());
        let mut value = records.get(&(table, id.to_owned(), number)).cloned();
        if random.below(4) == 0 {
            value = Some(random.value());
        }
        Expected {
            table,
            key: key(id, number),
            value,
        }
    });
    let writes = (0..random.below(9)).map(|_| {
        let (table, key) = (
            random.pick(&Table::ALL),
            key(random.pick(&IDS), random.number()),
        );
        match random.below(5) {
            0 => Write::Delete(table, key),
            1 => Write::DeleteRange(table, key, random.number()),
            _ => Write::Put(table, key, random.value()),
        }
    });
    let writes = writes.collect();
    WriteBatch { expected, writes }
}

fn place(expected: &Expected) -> (Table, String, i64) {
    let key = &expected.key;
    (expected.table, key.conversation.to_string(), key.number)
}

fn apply(records: &mut Records, write: &Write) {
    match write {
        Write::Put(table, key, value) => {
            let place = (*table, key.conversation.to_string(), key.number);
            records.insert(place, value.clone());
        }
        Write::Delete(table, key) => {
            records.remove(&(*table, key.conversation.to_string(), key.number));
        }
        Write::DeleteRange(table, key, last) => records.retain(|(at, id, number), _| {
            (at, id.as_str()) != (table, &*key.conversation)
                || !(key.number..=*last).contains(number)
        }),
    }
}

async fn everything(backend: &impl Backend) -> Records {
    let mut all = Records::new();
    for table in Table::ALL {
        for id in IDS {
            let found = backend
                .range(table, &Rc::from(id), NUMBERS.start, NUMBERS.end)
                .await;
            let found = found.unwrap().into_iter();
            all.extend(found.map(|(number, value)| ((table, id.to_owned(), number), value)));
        }
    }
    all
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn number(&mut self) -> i64 {
        NUMBERS.start + self.below((NUMBERS.end - NUMBERS.start) as u64) as i64
    }

    fn value(&mut self) -> Vec<u8> {
        (0..self.below(20)).map(|_| self.next() as u8).collect()
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}
