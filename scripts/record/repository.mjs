/**
 * The toy repository of the recording: a small stock keeper in Python with three real faults. A name
 * that comes in two Unicode spellings counts twice, money is rounded in binary floating point, and
 * adding an item walks the whole list.
 */

const DECOMPOSED_CAFE = "Cafe\u0301 cre\u0300me";

/** Path → content. @type {Record<string, string>} */
export const FILES = {
  ".gitignore": "__pycache__/\n*.pyc\n",
  "README.md": `# inventory

Keeps the stock of a small shop: reads the warehouse's CSV, adds deliveries, prints the nightly report.

    python3 -m inventory data/warehouse.csv data/delivery.csv

Names are what people type: any case, any accents. *Pâte* and *pâté* are different things.
`,
  "inventory/__init__.py": `"""Keeps the stock of a small shop."""

from .stock import Item, Stock

__all__ = ["Item", "Stock"]
`,
  "inventory/__main__.py": `import sys

from .loader import load
from .report import render

if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python3 -m inventory WAREHOUSE.csv [DELIVERY.csv ...]")
    print(render(load(*sys.argv[1:])))
`,
  "inventory/names.py": `"""When two names mean the same item."""


def key(name: str) -> str:
    return name.strip().lower()
`,
  "inventory/money.py": `"""Amounts in euros."""

VAT = 0.19


def cents(amount: float) -> float:
    """The amount rounded to whole cents, halves away from zero."""
    return round(amount, 2)


def gross(net: float) -> float:
    return cents(net * (1 + VAT))
`,
  "inventory/stock.py": `"""What is in the warehouse."""

from dataclasses import dataclass

from .names import key


@dataclass
class Item:
    name: str
    quantity: int
    price: float
    minimum: int = 0


class Stock:
    def __init__(self) -> None:
        self._items: list[Item] = []

    def __iter__(self):
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def find(self, name: str) -> Item | None:
        for item in self._items:
            if key(item.name) == key(name):
                return item
        return None

    def add(self, name: str, quantity: int, price: float, minimum: int = 0) -> Item:
        item = self.find(name)
        if item is None:
            item = Item(name, 0, price, minimum)
            self._items.append(item)
        item.quantity += quantity
        return item

    def remove(self, name: str, quantity: int) -> None:
        item = self.find(name)
        if item is None:
            raise KeyError(name)
        if quantity > item.quantity:
            raise ValueError(f"only {item.quantity} of {item.name} left")
        item.quantity -= quantity

    def low(self) -> list[Item]:
        return [item for item in self._items if item.quantity < item.minimum]
`,
  "inventory/loader.py": `"""Reads CSV files with the columns name, quantity, price and, optionally, minimum."""

import csv

from .stock import Stock


def load(*paths: str) -> Stock:
    stock = Stock()
    for path in paths:
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                stock.add(
                    row["name"],
                    int(row["quantity"]),
                    float(row["price"]),
                    int(row.get("minimum") or 0),
                )
    return stock
`,
  "inventory/report.py": `"""The nightly report."""

from .money import cents, gross
from .stock import Stock


def total(stock: Stock) -> float:
    return cents(sum(item.quantity * item.price for item in stock))


def render(stock: Stock) -> str:
    lines = []
    for item in sorted(stock, key=lambda item: item.name):
        mark = "⚠" if item in stock.low() else " "
        value = cents(item.quantity * item.price)
        lines.append(f"{mark} {item.name:<24}{item.quantity:>6} × {item.price:>8.3f} € = {value:>10.2f} €")
    net = total(stock)
    lines.append(f"  {'total, net':<24}{net:>34.2f} €")
    lines.append(f"  {'total, gross':<24}{gross(net):>34.2f} €")
    return "\\n".join(lines)
`,
  "data/warehouse.csv": `name,quantity,price,minimum
Café crème,30,4.20,20
Müsli,12,2.675,15
Pâte,8,1.10,5
Pâté,6,5.35,5
日本茶,25,7.125,10
Jalapeño 🌶,40,0.35,50
Straßenkarte,3,6.90,2
Brötchen,120,0.45,100
`,
  "data/delivery.csv": `name,quantity,price
${DECOMPOSED_CAFE},12,4.20
MÜSLI,1,2.675
STRASSENKARTE,2,6.90
日本茶,5,7.125
`,
  "tests/__init__.py": "",
  "tests/test_stock.py": `import unittest

from inventory import Stock


class StockTest(unittest.TestCase):
    def setUp(self):
        self.stock = Stock()
        self.stock.add("Pâte", 8, 1.10, 5)
        self.stock.add("Pâté", 6, 5.35, 5)

    def test_adding_the_same_name_adds_up(self):
        self.stock.add("pâte ", 2, 1.10)
        self.assertEqual(self.stock.find("Pâte").quantity, 10)

    def test_different_names_stay_different(self):
        self.assertEqual(len(self.stock), 2)
        self.assertEqual(self.stock.find("PÂTÉ").quantity, 6)

    def test_nothing_can_be_removed_twice(self):
        self.stock.remove("Pâté", 6)
        with self.assertRaises(ValueError):
            self.stock.remove("Pâté", 1)

    def test_an_unknown_name_is_an_error(self):
        with self.assertRaises(KeyError):
            self.stock.remove("Croissant", 1)

    def test_what_falls_below_its_minimum_is_low(self):
        self.stock.remove("Pâte", 4)
        self.assertEqual([item.name for item in self.stock.low()], ["Pâte"])
`,
  "tests/test_loader.py": `import unittest
from pathlib import Path

from inventory.loader import load

DATA = Path(__file__).parent.parent / "data"


class LoaderTest(unittest.TestCase):
    def setUp(self):
        self.stock = load(DATA / "warehouse.csv", DATA / "delivery.csv")

    def test_a_delivery_is_added_to_what_is_there(self):
        self.assertEqual(self.stock.find("Café crème").quantity, 42)

    def test_names_are_compared_without_case(self):
        self.assertEqual(self.stock.find("Müsli").quantity, 13)
        self.assertEqual(self.stock.find("Straßenkarte").quantity, 5)

    def test_every_item_is_there_once(self):
        self.assertEqual(len(self.stock), 8)
`,
  "tests/test_report.py": `import unittest

from inventory import Stock
from inventory.report import render, total


class ReportTest(unittest.TestCase):
    def test_the_total_is_the_sum(self):
        stock = Stock()
        stock.add("日本茶", 4, 7.25)
        stock.add("Brötchen", 10, 0.45)
        self.assertEqual(total(stock), 33.5)

    def test_low_items_are_marked(self):
        stock = Stock()
        stock.add("Müsli", 1, 2.5, minimum=2)
        self.assertIn("⚠ Müsli", render(stock))
`,
};
