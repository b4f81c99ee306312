import { describe, expect, it } from 'vitest';
import { EMPTY_LEDGER, entryHash, payloadHash, UNANCHORED_TAIL_MS, verifyLedger } from './ledger-chain.ts';
import type { LedgerEntryWithPayload } from './ledger-entry.ts';

// Computed with Python's hashlib and json (sort_keys, no spaces, ensure_ascii=False).
const GOLDEN: readonly LedgerEntryWithPayload[] = [
  {
    seq: 1,
    ts: 1772000000000,
    type: 'change.stamped',
    actor: 'github-actions',
    repository: 'acme/shop',
    changeId: 'chg-7-0123456789',
    salt: '000102030405060708090a0b0c0d0e0f',
    payload: { flag: 'checkout-v2', b: [1, 0.5, null, true], ä: '€' },
    payloadHash: '702ea4842606c66ecf6cb5013dd57439765f6bb8410b686af60f0cc99a1e5d35',
    prevHash: '0'.repeat(64),
    entryHash: 'd621bff5eb9c272f7b3a627f94fa5b291f9e58dc9c4177d435909478dd5ef5c2',
  },
  {
    seq: 2,
    ts: 1772000060000,
    type: 'alert.raised',
    actor: 'changegate',
    repository: 'acme/shop',
    changeId: null,
    salt: 'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff',
    payload: {},
    payloadHash: '9f7b66639cee7a584224b0c5486e8aea49881cb8d8df8349e56efb60de7ad082',
    prevHash: 'd621bff5eb9c272f7b3a627f94fa5b291f9e58dc9c4177d435909478dd5ef5c2',
    entryHash: '01840b66b1a1e59ee14cc2980fd0d61ea1c08428ab0995771c69aaf288cb34f4',
  },
];

function chain(length: number): LedgerEntryWithPayload[] {
  const entries: LedgerEntryWithPayload[] = [];
  let prevHash = EMPTY_LEDGER.hash;
  for (let seq = 1; seq <= length; seq += 1) {
    const salt = seq.toString(16).padStart(32, '0');
    const payload = { seq, note: `entry ${seq}` };
    const rest = {
      seq,
      ts: 1_772_000_000_000 + seq * 60_000,
      type: 'alert.raised' as const,
      actor: 'changegate',
      repository: 'acme/shop',
      changeId: seq % 2 ? null : 'chg-1-0123456789',
      payloadHash: payloadHash(salt, payload),
    };
    const hash = entryHash(prevHash, rest);
    entries.push({ ...rest, prevHash, entryHash: hash, salt, payload });
    prevHash = hash;
  }
  return entries;
}

const headOf = (entries: readonly LedgerEntryWithPayload[]) => ({
  size: entries.length,
  hash: entries.at(-1)!.entryHash,
});

describe('the chain', () => {
  it.each(GOLDEN)('hashes entry $seq as another implementation does', (entry) => {
    expect(payloadHash(entry.salt!, entry.payload)).toBe(entry.payloadHash);
    expect(entryHash(entry.prevHash, entry)).toBe(entry.entryHash);
  });

  it('verifies the golden ledger and an empty one', () => {
    expect(verifyLedger(GOLDEN)).toEqual({ status: 'ok', head: headOf(GOLDEN) });
    expect(verifyLedger([])).toEqual({ status: 'ok', head: EMPTY_LEDGER });
  });

  it('verifies with payloads erased, but not with half of one', () => {
    expect(verifyLedger(GOLDEN.map((entry) => ({ ...entry, salt: null, payload: null }))).status).toBe('ok');
    for (const half of [{ salt: null }, { payload: null }]) {
      expect(verifyLedger(GOLDEN.map((entry) => ({ ...entry, ...half })))).toMatchObject({ status: 'broken', seq: 1 });
    }
  });

  it('verifies a part from the head before it', () => {
    const entries = chain(20);
    const start = headOf(entries.slice(0, 12));
    expect(verifyLedger(entries.slice(12), { start }).status).toBe('ok');
    expect(verifyLedger(entries.slice(13), { start })).toMatchObject({ status: 'broken', seq: 13 });
    expect(verifyLedger([], { start, anchors: [{ size: 12, hash: 'f'.repeat(64) }] })).toMatchObject({
      status: 'broken',
      seq: 12,
    });
  });
});

describe('attacks that the chain alone finds', () => {
  const entries = chain(40);
  const other: Record<keyof LedgerEntryWithPayload, (entry: LedgerEntryWithPayload) => unknown> = {
    seq: (entry) => entry.seq + 1,
    ts: (entry) => entry.ts + 1,
    type: () => 'verdict.made',
    actor: () => 'mallory',
    repository: () => 'acme/shop2',
    changeId: (entry) => (entry.changeId === null ? 'chg-9-0123456789' : null),
    payloadHash: (entry) => entry.payloadHash.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
    prevHash: (entry) => entry.prevHash.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')),
    entryHash: (entry) => entry.entryHash.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')),
    salt: () => 'e'.repeat(32),
    payload: (entry) => ({ ...entry.payload, note: 'forged' }),
  };

  it.each(Object.keys(other) as (keyof LedgerEntryWithPayload)[])('a changed %s in any entry', (field) => {
    for (let index = 0; index < entries.length; index += 1) {
      const forged = entries.map((entry, at) => (at === index ? { ...entry, [field]: other[field](entry) } : entry));
      expect(verifyLedger(forged), `entry ${index + 1}`).toMatchObject({ status: 'broken', seq: index + 1 });
    }
  });

  it('a deleted, a doubled and two swapped entries', () => {
    for (let index = 0; index < entries.length - 1; index += 1) {
      expect(verifyLedger(entries.toSpliced(index, 1)).status).toBe('broken');
      expect(verifyLedger(entries.toSpliced(index, 0, entries[index]!)).status).toBe('broken');
      expect(verifyLedger(entries.toSpliced(index, 2, entries[index + 1]!, entries[index]!)).status).toBe('broken');
    }
  });

  it('a fork: a second entry after the same one', () => {
    const rest = { ...entries[9]!, actor: 'mallory' };
    const fork = { ...rest, entryHash: entryHash(rest.prevHash, rest) };
    expect(verifyLedger(entries.toSpliced(10, 0, fork))).toMatchObject({ status: 'broken', seq: 11 });
    expect(verifyLedger(entries.toSpliced(9, 1, fork))).toMatchObject({ status: 'broken', seq: 11 });
  });

  it('a text that no JSON can hold', () => {
    const forged = { ...entries[0]!, actor: '\ud800' };
    expect(verifyLedger([forged])).toMatchObject({ status: 'broken', seq: 1 });
  });
});

describe('what only anchors find', () => {
  const entries = chain(40);
  const anchors = [headOf(entries.slice(0, 10)), headOf(entries.slice(0, 30))];

  it('agrees with the anchors of the same ledger, in any order', () => {
    expect(verifyLedger(entries, { anchors }).status).toBe('ok');
    expect(verifyLedger(entries, { anchors: anchors.toReversed() }).status).toBe('ok');
  });

  it('a cut tail or an older copy', () => {
    expect(verifyLedger(entries.slice(0, 29), { anchors })).toEqual({
      status: 'shorter_than_anchor',
      size: 29,
      anchorSize: 30,
    });
    expect(verifyLedger([], { anchors })).toEqual({ status: 'shorter_than_anchor', size: 0, anchorSize: 30 });
  });

  it('history written anew with right hashes', () => {
    let prevHash = entries[4]!.entryHash;
    const forged = entries.map((entry, index) => {
      if (index < 5) return entry;
      const rest = { ...entry, actor: 'mallory', prevHash };
      prevHash = entryHash(prevHash, rest);
      return { ...rest, entryHash: prevHash };
    });
    expect(verifyLedger(forged).status).toBe('ok');
    expect(verifyLedger(forged, { anchors })).toMatchObject({ status: 'broken', seq: 10 });
  });

  it('a tail that nobody outside has seen for a day', () => {
    const since = entries[30]!.ts;
    expect(verifyLedger(entries, { anchors, now: since + UNANCHORED_TAIL_MS }).status).toBe('ok');
    expect(verifyLedger(entries, { anchors, now: since + UNANCHORED_TAIL_MS + 1 })).toMatchObject({
      status: 'unanchored_tail',
      fromSeq: 31,
      since,
    });
    expect(verifyLedger(entries, { anchors: [], now: since + 2 * UNANCHORED_TAIL_MS })).toMatchObject({ fromSeq: 1 });
    expect(verifyLedger(entries.slice(0, 30), { anchors, now: since + 9 * UNANCHORED_TAIL_MS }).status).toBe('ok');
  });
});
