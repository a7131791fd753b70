// Thin streams (?payload=id): the ids of new messages in one-to-ones, on all transports, and nothing else.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KINDS, site } from './support/client.mjs';
import { people } from './support/people.mjs';

const send = async (from, to, body) =>
  (await site.request('POST', 'api/v1/message/', { token: from.token, body: { recipient: to.user.username, body } }))
    .body.id;

for (const kind of KINDS) {
  describe(`a thin stream over ${kind}`, () => {
    const thin = (who, options = {}) => site.stream(kind, who, { payload: 'id', wait: false, seconds: 1, ...options });

    it('has the new messages of one-to-ones, for both sides, and nothing else', async () => {
      const [ann, ben, cid] = await people(['ann', 'ben', 'cid']);
      const { seq } = await site.done(ann, 'room.create',
        { type: 'OneToOneChat', participants: [ben.user.id] });
      const streams = await Promise.all([ann, ben, cid].map((who) => thin(who, { since: `${seq}` })));
      const room = await site.room(ann, [ben, cid]);
      await site.done(ann, 'message.send', { room_id: room.id, content: 'to the group' });
      const first = await send(ann, ben, 'first');
      await site.done(ben, 'message.react', { message_id: first, reaction_content: '👍', type: 'add' });
      await site.done(ben, 'message.read', { message_id: first });
      const second = await send(ben, ann, 'second');
      const third = await send(ann, cid, 'third');
      const ids = async (stream, last) => {
        await stream.next(({ message }) => message === last);
        for (const frame of stream.frames) assert.deepEqual(Object.keys(frame), ['message', 'seq']);
        return stream.frames.map(({ message }) => message);
      };
      assert.deepEqual(await ids(streams[0], third), [first, second, third]);
      assert.deepEqual(await ids(streams[1], second), [first, second]);
      assert.deepEqual(await ids(streams[2], third), [third]);
      for (const stream of streams) stream.close();
    });

    it('continues from a cursor, without what was deleted', async () => {
      const [ann, ben] = await people(['ann', 'ben']);
      const first = await send(ann, ben, 'first');
      const gone = await send(ann, ben, 'gone');
      const last = await send(ann, ben, 'last');
      const whole = await site.stream(kind, ben);
      await site.done(ann, 'message.modify', { message_id: gone, action: 'delete' });
      await whole.event('messagemodification.dispatch'); // the program knows of it
      whole.close();
      const stream = await thin(ben, { since: '0' });
      await stream.next(({ message }) => message === last);
      assert.deepEqual(stream.frames.map(({ message }) => message), [first, last]);
      stream.close();
      const later = await thin(ben, { since: `${stream.frames[0].seq}` });
      assert.equal((await later.next()).message, last);
      later.close();
    });

    it('is silent where another would say that it can\'t continue', async () => {
      const [ann, ben] = await people(['ann', 'ben']);
      await send(ann, ben, 'before');
      const stream = await thin(ben, { since: 'other:1' });
      if (kind === 'ws') await stream.until(() => stream.socket.readyState === 1, 'an open socket');
      else if (kind === 'sse') await stream.until(() => stream.response, 'the head');
      else await stream.until(() => stream.cursor !== 'other:1' || stream.frames.length, 'an answer', 30_000);
      const id = await send(ann, ben, 'after');
      await stream.next(({ message }) => message === id);
      for (const frame of stream.frames) assert.deepEqual(Object.keys(frame), ['message', 'seq']);
      stream.close();
    });
  });
}

it('commands over a thin socket are answered as over any other', async () => {
  const [ann] = await people(['ann']);
  const socket = await site.stream('ws', ann, { payload: 'id', wait: false });
  await socket.until(() => socket.socket.readyState === 1, 'an open socket');
  assert.equal((await socket.command('room.list', {})).eventType, 'roomlist.dispatch');
  socket.close();
});
