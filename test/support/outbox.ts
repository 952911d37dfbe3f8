import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from '../../src/outbox/message.ts';
import { OutboxMessage } from '../../src/outbox/outbox-message.entity.ts';
import { OutboxSender } from '../../src/outbox/outbox.sender.ts';
import { OutboxService } from '../../src/outbox/outbox.service.ts';
import { HOUR } from '../../src/platform/time/clock.ts';
import type { TestApp } from './app.ts';

/** Writes messages in one transaction, as a feature does; what is not given is made up. */
export async function enqueue(app: TestApp, ...given: ReadonlyArray<Partial<Message>>): Promise<void> {
  const outbox = app.nest.get(OutboxService, { strict: false });
  await app.database.transaction(async () => {
    for (const message of given) {
      await outbox.enqueue({
        template: 'password_code',
        recipient: 'somebody@example.com',
        language: 'en',
        params: { username: 'somebody', minutes: 10 },
        expiresAt: app.clock.now() + HOUR,
        ...message,
      });
    }
  });
}

export async function rowsOf(app: TestApp): Promise<OutboxMessage[]> {
  return app.database.getRepository(OutboxMessage).find({ order: { createdAt: 'ASC' } });
}

/** What the sender does every five seconds, and all that follows from it. */
export async function sendRound(app: TestApp): Promise<void> {
  const sender = app.nest.get(OutboxSender, { strict: false });
  await sender.round();
  await sender.settled();
}

/** Waits until no message is waiting. */
export async function allDone(app: TestApp, patience = 15_000): Promise<void> {
  const rows = app.database.getRepository(OutboxMessage);
  const deadline = Date.now() + patience;
  while ((await rows.countBy({ state: 'waiting' })) > 0) {
    if (Date.now() > deadline)
      throw new Error(`messages still wait: ${JSON.stringify(await rows.findBy({ state: 'waiting' }))}`);
    await sleep(20);
  }
}
