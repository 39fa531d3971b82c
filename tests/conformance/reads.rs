//! Reading.

use std::rc::Rc;

use oh_event_store::backend::{Backend, Table, Write};
use oh_event_store::error::Error;

use super::{commit, get, key, numbers, put, write};

const EXACT: i64 = 1 << 53;

pub async fn records_come_in_the_order_asked_for(backend: &impl Backend) {
    let writes = (0..40).map(|n| put(Table::Pages, "c", n, n.to_string()));
    write(backend, writes.collect()).await;
    let asked = [7, 3, 39, 3, 0, 21];
    let found = backend.get_many(Table::Pages, &Rc::from("c"), &asked).await;
    let wanted: Vec<_> = asked
        .iter()
        .map(|n| Some(n.to_string().into_bytes()))
        .collect();
    assert_eq!(found, Ok(wanted));
    assert_eq!(
        backend.get_many(Table::Pages, &Rc::from("c"), &[]).await,
        Ok(vec![])
    );
}

pub async fn the_numbers_are_those_of_one_conversation_and_table(backend: &impl Backend) {
    let there = [-EXACT, -3, 0, 1, 20, EXACT];
    let writes = there.iter().map(|n| put(Table::Pages, "c", *n, "a page"));
    write(backend, writes.collect()).await;
    let others = vec![
        put(Table::Pages, "d", 2, "x"),
        put(Table::Tail, "c", 3, "x"),
    ];
    write(backend, others).await;
    let found = backend.numbers(Table::Pages, &Rc::from("c")).await;
    assert_eq!(found, Ok(there.to_vec()));
    let none = backend.numbers(Table::Signatures, &Rc::from("c")).await;
    assert_eq!(none, Ok(vec![]));
}

pub async fn absent_records_are_none(backend: &impl Backend) {
    write(backend, vec![put(Table::Tail, "c", 1, "one")]).await;
    let found = backend
        .get_many(Table::Tail, &Rc::from("c"), &[2, 1, -1])
        .await;
    assert_eq!(found, Ok(vec![None, Some(b"one".to_vec()), None]));
    assert_eq!(get(backend, Table::Tail, "nobody", 1).await, None);
    let none = backend
        .range(Table::Tail, &Rc::from("nobody"), -EXACT, EXACT)
        .await;
    assert_eq!(none, Ok(vec![]));
}

pub async fn a_range_holds_both_its_ends(backend: &impl Backend) {
    let there = [-3, -1, 0, 1, 2, 5, 8];
    let writes = there
        .iter()
        .map(|n| put(Table::Tail, "c", *n, n.to_string()));
    write(backend, writes.collect()).await;
    for first in -4..=9 {
        for last in -4..=9 {
            let wanted: Vec<_> = there
                .iter()
                .filter(|n| (first..=last).contains(*n))
                .map(|n| (*n, n.to_string().into_bytes()))
                .collect();
            let found = backend
                .range(Table::Tail, &Rc::from("c"), first, last)
                .await;
            assert_eq!(found, Ok(wanted), "from {first} to {last}");
        }
    }
}

pub async fn all_of_some_tables_come_together(backend: &impl Backend) {
    let (first, last) = (-(1 << 53), 1 << 53);
    let writes = vec![
        put(Table::Tail, "c", last, "last"),
        put(Table::Tail, "c", first, "first"),
        put(Table::Tail, "d", 0, "another's"),
        put(Table::Conversations, "c", 0, "record"),
        put(Table::Pages, "c", 0, "not asked for"),
    ];
    write(backend, writes).await;
    let tables = [Table::Tail, Table::Summaries, Table::Conversations];
    let found = backend.all(&tables, &Rc::from("c")).await;
    let tail = vec![(first, b"first".to_vec()), (last, b"last".to_vec())];
    let wanted = vec![tail, Vec::new(), vec![(0, b"record".to_vec())]];
    assert_eq!(found, Ok(wanted));
    let nobodys = backend.all(&tables, &Rc::from("nobody")).await;
    assert_eq!(nobodys, Ok(vec![Vec::new(); 3]));
}

pub async fn numbers_are_ordered_across_their_whole_range(backend: &impl Backend) {
    let there = [
        -EXACT,
        1 - EXACT,
        -1 << 32,
        -10,
        -9,
        -1,
        0,
        1,
        9,
        10,
        1 << 32,
        EXACT - 1,
        EXACT,
    ];
    let writes = there
        .iter()
        .rev()
        .map(|n| put(Table::Pages, "c", *n, n.to_string()));
    write(backend, writes.collect()).await;
    assert_eq!(
        numbers(backend, Table::Pages, "c", -EXACT, EXACT).await,
        there
    );
    assert_eq!(
        numbers(backend, Table::Pages, "c", i64::MIN, i64::MAX).await,
        there
    );
    assert_eq!(
        numbers(backend, Table::Pages, "c", EXACT, EXACT).await,
        [EXACT]
    );
    assert_eq!(
        numbers(backend, Table::Pages, "c", -EXACT, -EXACT).await,
        [-EXACT]
    );
    for number in there {
        let value = get(backend, Table::Pages, "c", number).await;
        assert_eq!(value, Some(number.to_string().into_bytes()), "{number}");
    }
}

pub async fn conversations_with_similar_ids_stay_apart(backend: &impl Backend) {
    let ids = [
        "", "a", "ab", "a\0", "a/1", "A", "ä", "a\u{308}", "\u{ffff}", "😀", "1", "[1]",
    ];
    let writes = ids
        .iter()
        .flat_map(|id| (0..3).map(move |n| put(Table::Tail, id, n, format!("{id} {n}"))));
    write(backend, writes.collect()).await;
    for id in ids {
        let found = backend
            .range(Table::Tail, &Rc::from(id), -EXACT, EXACT)
            .await;
        let wanted = (0..3).map(|n| (n, format!("{id} {n}").into_bytes()));
        assert_eq!(found, Ok(wanted.collect()), "{id:?}");
    }
    write(
        backend,
        vec![Write::DeleteRange(Table::Tail, key("a", -EXACT), EXACT)],
    )
    .await;
    for id in ids {
        let left = numbers(backend, Table::Tail, id, -EXACT, EXACT).await;
        assert_eq!(left.len(), if id == "a" { 0 } else { 3 }, "{id:?}");
    }
}

pub async fn tables_stay_apart(backend: &impl Backend) {
    let writes = Table::ALL.map(|table| put(table, "c", 1, table.name()));
    write(backend, writes.to_vec()).await;
    for table in Table::ALL {
        let value = get(backend, table, "c", 1).await;
        assert_eq!(value, Some(table.name().into()));
    }
    write(backend, vec![Write::Delete(Table::Pages, key("c", 1))]).await;
    for table in Table::ALL {
        let there = get(backend, table, "c", 1).await.is_some();
        assert_eq!(there, table != Table::Pages, "{table:?}");
    }
}

pub async fn conversations_are_listed_by_id(backend: &impl Backend) {
    assert_eq!(backend.conversations().await, Ok(vec![]));
    // The last two are the other way round in UTF-16, a browser's order.
    let ids = ["", "B", "a", "ab", "é", "\u{ff5e}", "😀"];
    for id in ids.iter().rev() {
        write(
            backend,
            vec![put(Table::Conversations, id, 0, format!("of {id}"))],
        )
        .await;
    }
    write(
        backend,
        vec![put(Table::Tail, "no record of its own", 0, "x")],
    )
    .await;
    let wanted = ids.map(|id| (Rc::from(id), format!("of {id}").into_bytes()));
    assert_eq!(backend.conversations().await, Ok(wanted.to_vec()));
}

pub async fn big_and_empty_values_come_back_whole(backend: &impl Backend) {
    let big: Vec<u8> = (0..1 << 20)
        .map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let writes = vec![
        put(Table::Pages, "c", 1, &big),
        put(Table::Pages, "c", 2, ""),
        put(Table::Pages, "c", 3, [0, 255]),
    ];
    write(backend, writes).await;
    let wanted = [big, vec![], vec![0, 255]];
    let found = backend
        .get_many(Table::Pages, &Rc::from("c"), &[1, 2, 3])
        .await;
    assert!(found.unwrap() == wanted.clone().map(Some));
    let found = backend.range(Table::Pages, &Rc::from("c"), 1, 3).await;
    assert!(
        found
            .unwrap()
            .into_iter()
            .map(|(_, value)| value)
            .eq(wanted)
    );
}

pub async fn a_closed_backend_answers_closed(backend: &impl Backend) {
    write(backend, vec![put(Table::Tail, "c", 1, "x")]).await;
    backend.close();
    backend.close();
    let id = Rc::from("c");
    let closed = Box::new(Error::Closed("database"));
    assert_eq!(
        backend.get_many(Table::Tail, &id, &[1]).await,
        Err(closed.clone())
    );
    assert_eq!(
        backend.get_many(Table::Tail, &id, &[]).await,
        Err(closed.clone())
    );
    assert_eq!(
        backend.range(Table::Tail, &id, 0, 9).await,
        Err(closed.clone())
    );
    assert_eq!(
        backend.range(Table::Tail, &id, 9, 0).await,
        Err(closed.clone())
    );
    assert_eq!(backend.conversations().await, Err(closed.clone()));
    assert_eq!(commit(backend, None, vec![]).await, Err(closed.clone()));
    let writes = vec![put(Table::Tail, "c", 1, "y")];
    assert_eq!(commit(backend, None, writes).await, Err(closed));
}
