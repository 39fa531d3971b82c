//! Writing.

use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::join_all;
use oh_event_store::backend::{Backend, Durability, Expected, Table, Write, WriteBatch};
use oh_event_store::error::{Error, Result};

use super::{commit, expect, get, key, numbers, put, write};

pub async fn a_put_replaces(backend: &impl Backend) {
    for value in ["first", "", "the last one"] {
        write(backend, vec![put(Table::Tail, "c", 1, value)]).await;
        assert_eq!(get(backend, Table::Tail, "c", 1).await, Some(value.into()));
    }
    assert_eq!(numbers(backend, Table::Tail, "c", -9, 9).await, [1]);
}

pub async fn a_delete_takes_one_record(backend: &impl Backend) {
    let writes = (0..4).map(|n| put(Table::Tail, "c", n, "x"));
    write(backend, writes.collect()).await;
    let (there, absent) = (key("c", 2), key("c", 7));
    let writes = vec![
        Write::Delete(Table::Tail, there),
        Write::Delete(Table::Tail, absent),
    ];
    write(backend, writes).await;
    assert_eq!(numbers(backend, Table::Tail, "c", -9, 9).await, [0, 1, 3]);
}

pub async fn a_range_delete_takes_its_range_only(backend: &impl Backend) {
    for table in [Table::Tail, Table::Pages] {
        for id in ["b", "c", "d"] {
            let writes = (-3..7).map(|n| put(table, id, n, "x"));
            write(backend, writes.collect()).await;
        }
    }
    write(
        backend,
        vec![Write::DeleteRange(Table::Tail, key("c", -1), 4)],
    )
    .await;
    assert_eq!(
        numbers(backend, Table::Tail, "c", -9, 9).await,
        [-3, -2, 5, 6]
    );
    // One that ends before it starts holds nothing.
    write(
        backend,
        vec![Write::DeleteRange(Table::Tail, key("c", 6), 5)],
    )
    .await;
    assert_eq!(
        numbers(backend, Table::Tail, "c", -9, 9).await,
        [-3, -2, 5, 6]
    );
    for (table, id) in [(Table::Tail, "b"), (Table::Tail, "d"), (Table::Pages, "c")] {
        assert_eq!(
            numbers(backend, table, id, -9, 9).await.len(),
            10,
            "{table:?} {id}"
        );
    }
}

pub async fn writes_apply_in_their_order(backend: &impl Backend) {
    let gone = vec![
        put(Table::Tail, "c", 1, "x"),
        put(Table::Tail, "c", 1, "y"),
        Write::Delete(Table::Tail, key("c", 1)),
    ];
    write(backend, gone).await;
    assert_eq!(get(backend, Table::Tail, "c", 1).await, None);
    let back = vec![
        put(Table::Tail, "c", 1, "old"),
        put(Table::Tail, "c", 2, "old"),
        Write::DeleteRange(Table::Tail, key("c", 0), 9),
        put(Table::Tail, "c", 2, "new"),
    ];
    write(backend, back).await;
    assert_eq!(get(backend, Table::Tail, "c", 1).await, None);
    assert_eq!(
        get(backend, Table::Tail, "c", 2).await,
        Some(b"new".to_vec())
    );
}

pub async fn an_empty_batch_is_fine(backend: &impl Backend) {
    assert_eq!(commit(backend, None, vec![]).await, Ok(()));
    let nothing = vec![Write::DeleteRange(Table::Tail, key("c", 1), 0)];
    assert_eq!(commit(backend, None, nothing).await, Ok(()));
}

pub async fn a_batch_spans_tables(backend: &impl Backend) {
    write(
        backend,
        (0..50).map(|n| put(Table::Tail, "c", n, "event")).collect(),
    )
    .await;
    let seal = vec![
        put(Table::Pages, "c", 0, "page"),
        put(Table::Summaries, "c", 0, "summary"),
        Write::DeleteRange(Table::Tail, key("c", 0), 48),
        put(Table::Conversations, "c", 0, "cursor"),
    ];
    write(backend, seal).await;
    assert_eq!(numbers(backend, Table::Tail, "c", 0, 99).await, [49]);
    assert_eq!(
        get(backend, Table::Pages, "c", 0).await,
        Some(b"page".to_vec())
    );
    assert_eq!(
        get(backend, Table::Summaries, "c", 0).await,
        Some(b"summary".to_vec())
    );
    assert_eq!(
        get(backend, Table::Conversations, "c", 0).await,
        Some(b"cursor".to_vec())
    );
}

pub async fn what_is_expected_lets_a_batch_through(backend: &impl Backend) {
    let mut there: Option<&[u8]> = None;
    for next in [&b"one"[..], b"", b"three"] {
        let expected = Some(expect(Table::Conversations, "c", 0, there));
        let writes = vec![put(Table::Conversations, "c", 0, next)];
        assert_eq!(commit(backend, expected, writes).await, Ok(()));
        there = Some(next);
    }
    let expected = Some(expect(Table::Conversations, "c", 0, there));
    let writes = vec![Write::Delete(Table::Conversations, key("c", 0))];
    assert_eq!(commit(backend, expected, writes).await, Ok(()));
    assert_eq!(get(backend, Table::Conversations, "c", 0).await, None);
}

pub async fn what_is_not_expected_keeps_a_batch_out(backend: &impl Backend) {
    write(backend, vec![put(Table::Conversations, "c", 0, "right")]).await;
    write(backend, vec![put(Table::Tail, "c", 1, "kept")]).await;
    let wrong = [
        expect(Table::Conversations, "c", 0, None),
        expect(Table::Conversations, "c", 0, Some(b"")),
        expect(Table::Conversations, "c", 0, Some(b"righ")),
        expect(Table::Conversations, "c", 0, Some(b"right ")),
        expect(Table::Conversations, "c", 1, Some(b"right")),
        expect(Table::Conversations, "d", 0, Some(b"right")),
        expect(Table::Summaries, "c", 0, Some(b"right")),
    ];
    for expected in wrong {
        let writes = vec![
            put(Table::Conversations, "c", 0, "wrong"),
            put(Table::Pages, "c", 1, "wrong"),
            Write::DeleteRange(Table::Tail, key("c", 0), 9),
            put(Table::Tail, "c", 2, "wrong"),
        ];
        let answer = commit(backend, Some(expected.clone()), writes).await;
        assert_eq!(answer, Err(Error::Conflict.into()), "{expected:?}");
    }
    assert_eq!(
        get(backend, Table::Conversations, "c", 0).await,
        Some(b"right".to_vec())
    );
    assert_eq!(numbers(backend, Table::Tail, "c", 0, 9).await, [1]);
    assert!(numbers(backend, Table::Pages, "c", 0, 9).await.is_empty());
}

pub async fn what_is_added_is_not_there_yet(backend: &impl Backend) {
    let add = |number, value: &str| Write::Add(Table::Tail, key("c", number), value.into());
    write(backend, vec![add(1, "one"), add(2, "two")]).await;
    for taken in [1, 2] {
        let writes = vec![add(3, "three"), add(taken, "another"), add(4, "four")];
        let answer = commit(backend, None, writes).await;
        assert_eq!(answer, Err(Error::Conflict.into()));
    }
    assert_eq!(numbers(backend, Table::Tail, "c", 0, 9).await, [1, 2]);
    assert_eq!(
        get(backend, Table::Tail, "c", 1).await,
        Some(b"one".to_vec())
    );
    write(backend, vec![add(3, "three")]).await;
}

/// Of twenty commits at once the one that took place; all others have to be conflicts.
fn the_one_that_won(answers: Vec<Result<()>>) -> Vec<i64> {
    let won: Vec<i64> = (0..)
        .zip(&answers)
        .filter(|(_, a)| a.is_ok())
        .map(|(n, _)| n)
        .collect();
    let lost = answers
        .iter()
        .filter(|answer| **answer == Err(Error::Conflict.into()));
    assert_eq!((won.len(), lost.count()), (1, 19), "{answers:?}");
    won
}

pub async fn of_additions_at_once_one_wins(backend: &impl Backend) {
    let add = |value: i64| Write::Add(Table::Tail, key("c", 7), value.to_string().into());
    let commits = (0..20).map(|n| commit(backend, None, vec![add(n)]));
    let won = the_one_that_won(join_all(commits).await);
    let winner = get(backend, Table::Tail, "c", 7).await;
    assert_eq!(winner, Some(won[0].to_string().into_bytes()));
}

pub async fn the_numbers_that_are_expected_are_all_there_are(backend: &impl Backend) {
    write(backend, vec![put(Table::Conversations, "c", 0, "record")]).await;
    write(
        backend,
        vec![
            put(Table::Tail, "c", -3, "x"),
            put(Table::Tail, "d", 1, "y"),
        ],
    )
    .await;
    let expect = |numbers: &[i64]| Expected {
        numbers: Some((Table::Tail, numbers.to_vec())),
        ..expect(Table::Conversations, "c", 0, Some(b"record"))
    };
    for wrong in [&[][..], &[-3, 1], &[1], &[-4], &[-3, -3]] {
        let writes = vec![Write::DeleteRange(Table::Tail, key("c", -9), 9)];
        let answer = commit(backend, Some(expect(wrong)), writes).await;
        assert_eq!(answer, Err(Error::Conflict.into()), "{wrong:?}");
    }
    let writes = vec![put(Table::Tail, "c", 5, "z")];
    assert_eq!(commit(backend, Some(expect(&[-3])), writes).await, Ok(()));
    assert_eq!(
        commit(backend, Some(expect(&[-3, 5])), vec![]).await,
        Ok(())
    );
}

pub async fn an_expectation_may_stand_alone(backend: &impl Backend) {
    write(backend, vec![put(Table::Pages, "c", 0, "x")]).await;
    let right = expect(Table::Pages, "c", 0, Some(b"x"));
    assert_eq!(commit(backend, Some(right), vec![]).await, Ok(()));
    let wrong = expect(Table::Pages, "c", 0, None);
    assert_eq!(
        commit(backend, Some(wrong), vec![]).await,
        Err(Error::Conflict.into())
    );
}

pub async fn strict_commits_are_there_too(backend: &impl Backend) {
    let batch = WriteBatch {
        expected: Some(expect(Table::Tail, "c", 1, None)),
        writes: vec![put(Table::Tail, "c", 1, "x")],
    };
    let again = batch.clone();
    assert_eq!(backend.commit(batch, Durability::Strict).await, Ok(()));
    assert_eq!(get(backend, Table::Tail, "c", 1).await, Some(b"x".to_vec()));
    assert_eq!(
        backend.commit(again, Durability::Strict).await,
        Err(Error::Conflict.into())
    );
}

pub async fn commits_at_once_all_arrive(backend: &impl Backend) {
    let commits = (0..50).map(|n| {
        let writes = vec![
            put(Table::Tail, "c", n, "x"),
            put(Table::Pages, "c", 0, n.to_string()),
        ];
        commit(backend, None, writes)
    });
    for answer in join_all(commits).await {
        assert_eq!(answer, Ok(()));
    }
    let all: Vec<i64> = (0..50).collect();
    assert_eq!(numbers(backend, Table::Tail, "c", 0, 99).await, all);
    assert_eq!(
        get(backend, Table::Pages, "c", 0).await,
        Some(b"49".to_vec())
    );
}

pub async fn of_commits_at_once_one_wins(backend: &impl Backend) {
    let commits = (0..20).map(|n| {
        let expected = expect(Table::Conversations, "c", 0, None);
        let writes = vec![
            put(Table::Conversations, "c", 0, n.to_string()),
            put(Table::Tail, "c", n, "x"),
        ];
        commit(backend, Some(expected), writes)
    });
    let won = the_one_that_won(join_all(commits).await);
    assert_eq!(numbers(backend, Table::Tail, "c", 0, 99).await, won);
    let winner = get(backend, Table::Conversations, "c", 0).await;
    assert_eq!(winner, Some(won[0].to_string().into_bytes()));
}

pub async fn a_call_given_up_spoils_none_after_it(backend: &impl Backend) {
    let id = Rc::from("c");
    write(backend, vec![put(Table::Tail, "c", 1, "x")]).await;
    for round in 0..10 {
        // Polled once, then dropped: nothing, or all of it.
        let writes = vec![
            put(Table::Pages, "c", 0, "y"),
            put(Table::Pages, "c", 1, "y"),
        ];
        let _ = commit(backend, None, writes).now_or_never();
        let _ = backend.get_many(Table::Tail, &id, &[1]).now_or_never();
        let _ = backend.range(Table::Tail, &id, 0, 9).now_or_never();
        let _ = backend.conversations().now_or_never();
        let left = numbers(backend, Table::Pages, "c", 0, 9).await;
        assert!(left.is_empty() || left == [0, 1], "round {round}: {left:?}");
        write(backend, vec![put(Table::Tail, "c", 2, round.to_string())]).await;
        let value = get(backend, Table::Tail, "c", 2).await;
        assert_eq!(value, Some(round.to_string().into_bytes()));
    }
}
