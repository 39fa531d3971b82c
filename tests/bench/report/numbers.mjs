// How figures are written.

/** Three digits that count, thousands apart. */
function digits(value) {
  if (value === 0) return "0";
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const rounded = places ? Number(value.toFixed(Math.min(places, 4))) : Math.round(value);
  return rounded.toLocaleString("en").replaceAll(",", " ");
}

export function written(value, unit) {
  if (unit !== "bytes") return `${digits(value)} ${unit}`;
  return value < 1e6 ? `${digits(value / 1024)} KiB` : `${digits(value / 2 ** 20)} MiB`;
}

export const ratioText = (ratio) => `${Number(ratio.toPrecision(ratio < 0.1 ? 2 : 3))}×`;
