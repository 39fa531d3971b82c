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
        let wanted = match as_expected(&records, &batch) {
            true => Ok(()),
            false => Err(Error::Conflict.into()),
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

        let table = random.pick(&Table::ALL);
        let keys: Vec<(Table, String, i64)> = (records.keys())
            .filter(|key| key.0 == table)
            .cloned()
            .collect();
        let found = backend.keys(table).await.unwrap().into_iter();
        let found = found.map(|key| (table, key.conversation.to_string(), key.number));
        assert_eq!(found.collect::<Vec<_>>(), keys, "{at}: {table:?}");

        let id = random.pick(&IDS);
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
        let numbers = (random.below(2) == 0).then(|| {
            let table = random.pick(&Table::ALL);
            let mut numbers = numbers_of(records, table, id);
            if random.below(4) == 0 {
                numbers.pop();
            }
            (table, numbers)
        });
        Expected {
            table,
            key: key(id, number),
            value,
            numbers,
        }
    });
    let writes = (0..random.below(9)).map(|index| {
        let (table, key) = (
            random.pick(&Table::ALL),
            key(random.pick(&IDS), random.number()),
        );
        match random.below(5) {
            0 => Write::Delete(table, key),
            1 => Write::DeleteRange(table, key, random.number()),
            // Before the others, which may make room for it or take it.
            2 if index == 0 => Write::Add(table, key, random.value()),
            _ => Write::Put(table, key, random.value()),
        }
    });
    let writes = writes.collect();
    WriteBatch { expected, writes }
}

fn as_expected(records: &Records, batch: &WriteBatch) -> bool {
    let expected = batch.expected.as_ref().is_none_or(|expected| {
        let id = &expected.key.conversation;
        let same =
            |(table, numbers): &(Table, Vec<i64>)| numbers_of(records, *table, id) == *numbers;
        records.get(&place(expected)) == expected.value.as_ref()
            && expected.numbers.as_ref().is_none_or(same)
    });
    let is_free = |write: &Write| match write {
        Write::Add(table, key, _) => {
            !records.contains_key(&(*table, key.conversation.to_string(), key.number))
        }
        _ => true,
    };
    expected && batch.writes.iter().all(is_free)
}

fn numbers_of(records: &Records, table: Table, id: &str) -> Vec<i64> {
    let all = records.keys().filter(|key| (key.0, &*key.1) == (table, id));
    all.map(|key| key.2).collect()
}

fn place(expected: &Expected) -> (Table, String, i64) {
    let key = &expected.key;
    (expected.table, key.conversation.to_string(), key.number)
}

fn apply(records: &mut Records, write: &Write) {
    match write {
        Write::Put(table, key, value) | Write::Add(table, key, value) => {
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
