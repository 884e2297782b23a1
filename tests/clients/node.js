// What the documentation of socktop_agent shows for Node.js: JSON requests, JSON.parse on every
// answer, and what is no JSON is the process list. Ends after a list and four metrics and says what
// it saw, as JSON.
'use strict';

const WebSocket = require('ws');

const socket = new WebSocket('ws://localhost:3000/ws');
const seen = { metrics: [], lists: [], disks: [], others: [] };
const ask = (type) => socket.send(JSON.stringify({ type }));

socket.on('open', () => {
  ask('metrics');
  ask('disks');
  setInterval(() => ask('metrics'), 500);
  setTimeout(() => ask('processes'), 1000);
});

socket.on('message', (data) => {
  let answer;
  try {
    answer = JSON.parse(data);
  } catch (error) {
    seen.lists.push({ bytes: data.length, gzip: data[0] === 0x1f && data[1] === 0x8b });
    return end();
  }
  if (Array.isArray(answer)) seen.disks.push(answer);
  else if ('cpu_total' in answer) seen.metrics.push(answer);
  else seen.others.push(answer);
  end();
});

socket.on('close', () => fail('the agent closed the connection'));
socket.on('error', (error) => fail(String(error)));
setTimeout(() => fail('not all answers came in 15 s'), 15000);

function end() {
  if (seen.metrics.length >= 4 && seen.lists.length > 0) finish(0);
}

function fail(error) {
  seen.error = error;
  finish(1);
}

function finish(status) {
  process.stdout.write(JSON.stringify(seen) + '\n', () => process.exit(status));
}
