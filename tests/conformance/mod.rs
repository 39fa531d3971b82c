//! What every backend promises, whatever it is made of. `open` gives an empty one, under a name of
//! its own.

mod batches;
mod commits;
mod reads;

use std::rc::Rc;

use oh_event_store::backend::{Backend, Durability, Expected, Key, Table, Write, WriteBatch};
use oh_event_store::error::Result;

/// Checks all promises, one after the other.
pub async fn run<B: Backend>(open: impl AsyncFn(&str) -> B) {
    reads::records_come_in_the_order_asked_for(&open("order").await).await;
    reads::the_numbers_are_those_of_one_conversation_and_table(&open("keys").await).await;
    reads::absent_records_are_none(&open("absent").await).await;
    reads::a_range_holds_both_its_ends(&open("range").await).await;
    reads::all_of_some_tables_come_together(&open("all").await).await;
    reads::numbers_are_ordered_across_their_whole_range(&open("numbers").await).await;
    reads::conversations_with_similar_ids_stay_apart(&open("ids").await).await;
    reads::tables_stay_apart(&open("tables").await).await;
    reads::conversations_are_listed_by_id(&open("list").await).await;
    reads::big_and_empty_values_come_back_whole(&open("values").await).await;
    reads::a_closed_backend_answers_closed(&open("closed").await).await;

    commits::a_put_replaces(&open("put").await).await;
    commits::a_delete_takes_one_record(&open("delete").await).await;
    commits::a_range_delete_takes_its_range_only(&open("delete-range").await).await;
    commits::writes_apply_in_their_order(&open("writes").await).await;
    commits::an_empty_batch_is_fine(&open("empty").await).await;
    commits::a_batch_spans_tables(&open("span").await).await;
    commits::what_is_expected_lets_a_batch_through(&open("expected").await).await;
    commits::what_is_not_expected_keeps_a_batch_out(&open("conflict").await).await;
    commits::what_is_added_is_not_there_yet(&open("add").await).await;
    commits::of_additions_at_once_one_wins(&open("add-wins").await).await;
    commits::the_numbers_that_are_expected_are_all_there_are(&open("numbers-held").await).await;
    commits::an_expectation_may_stand_alone(&open("alone").await).await;
    commits::strict_commits_are_there_too(&open("strict").await).await;
    commits::commits_at_once_all_arrive(&open("at-once").await).await;
    commits::of_commits_at_once_one_wins(&open("one-wins").await).await;
    commits::a_call_given_up_spoils_none_after_it(&open("given-up").await).await;

    for seed in 1..=6 {
        batches::agree_with_a_map(&open(&format!("batches-{seed}")).await, seed).await;
    }
}

fn key(conversation: &str, number: i64) -> Key {
    Key::new(&Rc::from(conversation), number)
}

fn put(table: Table, conversation: &str, number: i64, value: impl AsRef<[u8]>) -> Write {
    let value = value.as_ref().to_vec();
    Write::Put(table, key(conversation, number), value)
}

fn expect(table: Table, conversation: &str, number: i64, value: Option<&[u8]>) -> Expected {
    Expected {
        table,
        key: key(conversation, number),
        value: value.map(<[u8]>::to_vec),
        numbers: None,
    }
}

async fn write(backend: &impl Backend, writes: Vec<Write>) {
    commit(backend, None, writes).await.unwrap();
}

async fn commit(
    backend: &impl Backend,
    expected: Option<Expected>,
    writes: Vec<Write>,
) -> Result<()> {
    let batch = WriteBatch { expected, writes };
    backend.commit(batch, Durability::Relaxed).await
}

async fn get(backend: &impl Backend, table: Table, id: &str, number: i64) -> Option<Vec<u8>> {
    let found = backend.get_many(table, &Rc::from(id), &[number]).await;
    let [value] = found.unwrap().try_into().unwrap();
    value
}

async fn numbers(
    backend: &impl Backend,
    table: Table,
    id: &str,
    first: i64,
    last: i64,
) -> Vec<i64> {
    let found = backend.range(table, &Rc::from(id), first, last).await;
    found
        .unwrap()
        .into_iter()
        .map(|(number, _)| number)
        .collect()
}
