/** The checksum of format.md: XXH64 with seed 0. */
const [P1, P2, P3, P4, P5] = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
] as const;

const cut = (value: bigint): bigint => BigInt.asUintN(64, value);
const turn = (value: bigint, bits: bigint): bigint => cut(value << bits) | (value >> (64n - bits));
const round = (sum: bigint, word: bigint): bigint => cut(turn(cut(sum + word * P2), 31n) * P1);

function xxh64(bytes: Buffer): bigint {
  let at = 0;
  let hash: bigint = P5;
  if (bytes.length >= 32) {
    let sums = [cut(P1 + P2), P2, 0n, cut(-P1)];
    for (; at + 32 <= bytes.length; at += 32) {
      const start = at;
      sums = sums.map((sum, lane) => round(sum, bytes.readBigUInt64LE(start + 8 * lane)));
    }
    const turns = [1n, 7n, 12n, 18n];
    hash = sums.reduce((all, sum, lane) => cut(all + turn(sum, turns[lane] ?? 0n)), 0n);
    hash = sums.reduce((all, sum) => cut((all ^ round(0n, sum)) * P1 + P4), hash);
  }
  hash = cut(hash + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8) {
    hash = cut(turn(hash ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * P1 + P4);
  }
  for (; at + 4 <= bytes.length; at += 4) {
    hash = cut(turn(hash ^ cut(BigInt(bytes.readUInt32LE(at)) * P1), 23n) * P2 + P3);
  }
  for (; at < bytes.length; at += 1) {
    hash = cut(turn(hash ^ cut(BigInt(bytes.readUInt8(at)) * P5), 11n) * P1);
  }
  hash = cut((hash ^ (hash >> 33n)) * P2);
  hash = cut((hash ^ (hash >> 29n)) * P3);
  return hash ^ (hash >> 32n);
}

/** Whether a stored record's checksum is right. */
export function isSound(record: Buffer): boolean {
  return xxh64(record.subarray(0, -8)) === record.readBigUInt64LE(record.length - 8);
}

/** The record with another byte at one place and the checksum that belongs to it. */
export function changed(record: Buffer, place: number, byte: number): Buffer {
  const copy = Buffer.from(record);
  copy.writeUInt8(byte, place);
  copy.writeBigUInt64LE(xxh64(copy.subarray(0, -8)), copy.length - 8);
  return copy;
}
