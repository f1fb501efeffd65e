// OctoPrint's own client library, as its pages load it, in a browser's window without a browser: logs in by key, opens
// the socket, sends `auth`, and prints what comes. Ends when the socket told `history` and then an event.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const [modules, static_, url, apikey] = process.argv.slice(2)
const { JSDOM } = createRequire(modules)('jsdom')
const SCRIPTS = [
  'lib/jquery/jquery.js', 'lib/lodash.min.js', 'lib/sockjs.min.js',
  'app/client/base.js', 'app/client/browser.js', 'app/client/socket.js', 'app/client/job.js',
]

const { window } = new JSDOM('<!doctype html>', { url, runScripts: 'outside-only', pretendToBeVisual: true })
for (const script of SCRIPTS) window.eval(readFileSync(`${static_}/js/${script}`, 'utf-8'))

const { OctoPrint } = window
OctoPrint.options.baseurl = url
OctoPrint.options.apikey = apikey
const seen = new Set()
const told = (what) => console.log(JSON.stringify(what))

OctoPrint.socket.onMessage('*', ({ event, data }) => {
  seen.add(event)
  told({ [event]: data })
  if (seen.has('history') && event === 'event' && data.type === 'Home') process.exit(0)
})
OctoPrint.socket.onMessage('connected', async () => {
  const user = await OctoPrint.browser.passiveLogin()
  told({ login: user.name, job: (await OctoPrint.job.get()).state })
  OctoPrint.socket.sendAuth(user.name, user.session)
  OctoPrint.socket.sendThrottleFactor()
})
OctoPrint.socket.onDisconnected = (code) => {
  console.error(`disconnected: ${code}`)
  process.exit(1)
}
OctoPrint.socket.connect()
