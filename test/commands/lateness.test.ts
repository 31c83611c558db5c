import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHouse } from '../http/support.ts';

test('how late the server was is one figure of ten seconds, on the overview, in the figures and for the doctor', async () => {
  const { commands, close } = await openHouse();
  try {
    const { overview, metrics, doctor } = commands;
    const sample = commands.figures.sample();
    const { eventLoopDelay } = await overview.figures();
    assert.deepEqual(eventLoopDelay, { median: sample.lateMedian, p99: sample.late99, max: sample.lateMax });
    assert.match(await metrics.text(), /How late the event loop was in the last ten seconds/);
    const said = (await doctor.examine()).findings.find(({ code }) => code === 'event-loop')?.sentence;
    assert.equal(
      said,
      `In the last ten seconds it was late by ${Math.round(sample.late99)} milliseconds or less, 99 of 100 times.`,
    );
  } finally {
    await close();
  }
});
