// Compares the ledgers of the clients with the log, which is authoritative: its rows in order, with the members at each
// row.

/** The log's rows: {seq, room, accounts, joined, departed, key}. */
async function* rows(world) {
  const statement = `copy (select seq, coalesce(room_id::text, ''), array_to_string(account_ids, ' '),
    coalesce(translate(effect::json->>'joined', '[], ', '   ' ), ''), coalesce(translate(effect::json->>'departed',
      '[], ', '   '), ''),
    coalesce(substring(payload from '"client_id"\\s*:\\s*"([^"]*)"'), ''), coalesce(payload like
      '{"eventType":"message.dispatch"%', false), payload is null
    from confab.log order by seq) to stdout`;
  const numbers = (text) => (text && text !== '\\N' ? text.trim().split(/ +/).filter(Boolean).map(Number) : []);
  for await (const line of world.lines(statement)) {
    const [seq, room, accounts, joined, departed, key, isMessage, silent] = line.split('\t');
    yield { seq: Number(seq), room, accounts: numbers(accounts), joined: numbers(joined), departed: numbers(departed),
      key: isMessage === 't' ? key : '', silent: silent === 't' };
  }
}

/** Dispatches of a fault are those from the end of the one before to its own recovery. */
class Ranges {
  constructor(faults) {
    this.faults = faults;
    this.at = 0;
  }

  of(seq) {
    let low = 0, high = this.faults.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (seq <= this.faults[middle].seq) high = middle;
      else low = middle + 1;
    }
    return this.faults[low];
  }
}

/** A comparison of a stream's ledger with the log, row by row. */
class Reader {
  next = 0;

  constructor(ledger) {
    Object.assign(this, ledger);
    this.got = Float64Array.from(this.seqs).sort();
    this.missed = []; // dispatches that it should have got: {seq, room}
  }

  /** The dispatches below seq that it has got and the log lacks. */
  before(seq, found) {
    while (this.next < this.got.length && this.got[this.next] < seq) found(this.got[this.next++]);
  }

  takes(seq) {
    if (this.got[this.next] !== seq) return false;
    this.next++;
    return true;
  }

  /**
   * A stream that opens while its user is not in a room does not get the earlier dispatches of that room: after a
   * cursor it gets only what the user may see at that moment. So for an ended membership, dispatches may be missing
   * from a replay requested after its end.
   */
  excuses({ seq, room }, departures) {
    const end = departures.find((departure) => departure.room === room && departure.seq > seq);
    return end !== undefined && this.opens.some(({ from, to, until }) => from < seq && seq <= to && until >= end.at);
  }
}

/**
 * faults: [{seq: the last of its dispatches, …}] ascending. Adds stored, delivered, lost, repeated, reordered, leaked
 * to each; returns the totals.
 */
export async function judge(world, { end, followers, talkers }, faults) {
  const ranges = new Ranges(faults);
  const readers = followers.map((ledger) => new Reader(ledger));
  const members = new Map(); // room → Set of accounts
  const departures = new Map(); // account → [{room, seq, at}]
  const keys = new Map(); // client_id → seq
  const findings = [];
  const find = (property, seq, text) => {
    ranges.of(seq)[property]++;
    if (findings.length < 100) findings.push(`${property}: ${text}`);
  };
  for (const fault of faults)
    Object.assign(fault, { stored: 0, delivered: 0, lost: 0, repeated: 0, reordered: 0, leaked: 0 });
  const removals = new Map();
  for (const { account, at } of world.removals) removals.set(account, [...removals.get(account) ?? [], at]);

  let stored = 0, excused = 0;
  const seen = new Set(); // seqs in the log
  for await (const row of rows(world)) {
    const { seq, room, accounts, joined, departed, key } = row;
    const inside = room && (members.get(room) ?? members.set(room, new Set()).get(room));
    for (const account of departed) {
      inside.delete(account);
      const at = room === world.rooms.secret ? removals.get(account)?.shift() ?? 0 : 0;
      departures.set(account, [...departures.get(account) ?? [], { room, seq, at }]);
    }
    for (const account of joined) inside.add(account);
    seen.add(seq);
    if (key && keys.has(key)) find('repeated', seq, `${key} is stored twice, as ${keys.get(key)} and ${seq}`);
    if (key) keys.set(key, seq);
    if (row.silent || seq <= world.start || seq > end) continue;
    stored++;
    ranges.of(seq).stored++;
    for (const reader of readers) {
      const owed = inside && inside.has(reader.account) || accounts.includes(reader.account);
      const who = `${seq} to account ${reader.account} by ${reader.kind}`;
      reader.before(seq,
        (other) =>
          find('lost', other,
            `${other}, which account ${reader.account} by ${reader.kind} has got, is not in the log`));
      const got = reader.takes(seq);
      if (got) ranges.of(seq).delivered++;
      if (got && !owed) find('leaked', seq, who);
      if (!got && owed) reader.missed.push({ seq, room });
    }
  }
  for (const reader of readers) {
    reader.before(Infinity,
      (other) =>
        find('lost', other, `${other}, which account ${reader.account} by ${reader.kind} has got, is not in the log`));
    for (const missed of reader.missed)
      if (reader.excuses(missed, departures.get(reader.account) ?? [])) excused++;
      else find('lost', missed.seq, `${missed.seq} to account ${reader.account} by ${reader.kind}`);
    for (const seq of reader.repeated) find('repeated', seq, `${seq} to account ${reader.account} by ${reader.kind}`);
    for (const seq of reader.reordered) find('reordered', seq, `${seq} to account ${reader.account} by ${reader.kind}`);
    for (const seq of reader.resyncs)
      find('lost', seq, `account ${reader.account} by ${reader.kind} was told to start anew behind ${seq}`);
  }
  const odd = [];
  let promised = 0, refused = 0, unknown = 0;
  for (const talker of talkers) {
    let last = 0;
    for (const { seq, key } of talker.promises) {
      promised++;
      if (!seen.has(seq))
        find('lost', seq, `${talker.name} was promised ${key ?? 'a dispatch'} as ${seq}, which is not in the log`);
      else if (key && keys.get(key) !== seq)
        find('lost', seq, `${talker.name} was promised ${key} as ${seq}, the log has it as ${keys.get(key)}`);
      if (seq <= last) find('reordered', seq, `${talker.name} was promised ${seq} after ${last}`);
      last = seq;
    }
    refused += talker.refused;
    unknown += talker.unknown;
    odd.push(...talker.odd.map((text) => `${talker.name}: ${text}`));
  }
  return { stored, delivered: faults.reduce((sum, fault) => sum + fault.delivered, 0), promised, refused, unknown,
    excused, odd, findings,
    streams: readers.length, ends: readers.reduce((sum, { ends }) => sum + ends, 0), churns: world.churns };
}
