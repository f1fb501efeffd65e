// The SockJS client of npm against a server: opens with one transport only, logs in, and prints each message as JSON.
// Ends when it was told `history` and then an event; the exit code is 1 when the session ended before.

import { createRequire } from 'node:module'

const [modules, url, transport, auth] = process.argv.slice(2)
const SockJS = createRequire(modules)('sockjs-client')

const socket = new SockJS(url, undefined, { transports: [transport], timeout: 5000 })
const seen = new Set()

socket.onopen = () => {
  console.log(JSON.stringify({ opened: socket.transport }))
  socket.send(JSON.stringify({ subscribe: { state: { logs: true, messages: false }, events: true } }))
  socket.send(JSON.stringify({ auth }))
}
socket.onmessage = ({ data }) => {
  for (const kind of Object.keys(data)) seen.add(kind)
  console.log(JSON.stringify(data))
  if (seen.has('history') && data.event?.type === 'Home') {
    socket.onclose = null
    socket.close()
    process.exit(0)
  }
}
socket.onclose = ({ code, reason }) => {
  console.error(`closed: ${code} ${reason}`)
  process.exit(1)
}
