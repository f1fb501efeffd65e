// OctoPrint's own client library, all its resources, on its whole way against a server: as its pages load it, in a
// browser's window without a browser. Prints the name of each part that was gone through; ends with code 1 otherwise.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import assert from 'node:assert/strict'

const [modules, static_, url, apikey, port] = process.argv.slice(2)
const { JSDOM } = createRequire(modules)('jsdom')
const CLIENT = [
  'base', 'browser', 'connection', 'control', 'files', 'job', 'languages', 'printer', 'printerprofiles', 'settings',
  'slicing', 'socket', 'system', 'timelapse', 'util', 'wizard', 'access', 'users',
]
const SCRIPTS = ['lib/jquery/jquery.js', 'lib/lodash.min.js', 'lib/sockjs.min.js', ...CLIENT.map((one) => `app/client/${one}.js`)]
const LASTING = 'G1 X1 F3000\nG4 P20\n'.repeat(5000)
const PATIENCE = 600

const { window } = new JSDOM('<!doctype html>', { url, runScripts: 'outside-only', pretendToBeVisual: true })
for (const script of SCRIPTS) window.eval(readFileSync(`${static_}/js/${script}`, 'utf-8'))
const { OctoPrint } = window
OctoPrint.options.baseurl = url
OctoPrint.options.apikey = apikey

const pause = (time) => new Promise((resolve) => setTimeout(resolve, time))

async function until(condition) {
  for (let tries = 0; tries < PATIENCE; tries += 1) {
    if (await condition()) return
    await pause(50)
  }
  throw new Error(`never: ${condition}`)
}

const reach = (state) => until(async () => (await OctoPrint.job.get()).state === state)

async function refused(call) {
  try {
    await call()
  } catch (answer) {
    return answer.status
  }
  throw new Error(`not refused: ${call}`)
}

async function upload(name, text, fields) {
  const file = new window.File([text], name)
  return await OctoPrint.files.upload('local', file, fields)
}

const PARTS = {
  async connection() {
    await OctoPrint.connection.disconnect()
    await until(async () => (await OctoPrint.connection.getSettings()).current.state === 'Closed')
    assert.equal(await refused(() => OctoPrint.printer.getFullState()), 409)
    await OctoPrint.connection.connect({ port, baudrate: 115200, printerProfile: '_default' })
    await reach('Operational')
    await OctoPrint.connection.fakeAck()
    await until(async () => (await OctoPrint.printer.getFullState()).temperature.tool0)
  },

  async files() {
    await OctoPrint.files.createFolder('local', 'library', '')
    const [stored] = await upload('lasting.gcode', LASTING, { path: 'library' })
    assert.equal(stored.files.local.path, 'library/lasting.gcode')
    await upload('quick.gcode', 'G28\n', {})
    const found = await OctoPrint.files.list(true)
    assert.equal(OctoPrint.files.entryForPath('library/lasting.gcode', found.files).name, 'lasting.gcode')
    assert.equal((await OctoPrint.files.listForLocation('local', false)).files.length >= 2, true)
    assert.equal((await OctoPrint.files.get('local', 'quick.gcode')).size, 4)
    await OctoPrint.files.copy('local', 'quick.gcode', 'library/copied.gcode')
    await OctoPrint.files.move('local', 'library/copied.gcode', 'library/moved.gcode')
    await OctoPrint.files.delete('local', 'library/moved.gcode')
    assert.equal(await refused(() => OctoPrint.files.get('local', 'library/moved.gcode')), 404)
    assert.equal((await OctoPrint.files.exists('local', '', 'quick.gcode')).exists, true)
    assert.equal((await OctoPrint.files.sanitize('local', '', 'a b.gcode')).sanitized, 'a b.gcode')
    assert.equal(await OctoPrint.files.download('local', 'quick.gcode'), 'G28\n')
    await OctoPrint.files.select('local', 'library/lasting.gcode', false)
    assert.equal((await OctoPrint.job.get()).job.file.path, 'library/lasting.gcode')
  },

  async job() {
    await OctoPrint.job.start()
    await reach('Printing')
    await OctoPrint.job.pause()
    await reach('Paused')
    await OctoPrint.job.resume()
    await reach('Printing')
    await OctoPrint.job.togglePause()
    await reach('Paused')
    await OctoPrint.job.cancel()
    await reach('Operational')
  },

  async printer() {
    const { printer } = OctoPrint
    assert.deepEqual(Object.keys(await printer.getFullState({ history: true, limit: 2 })).sort(), ['state', 'temperature'])
    await printer.jog({ x: 1, y: 1, z: 0.5 })
    await printer.jog({ x: 10, absolute: true, speed: 3000 })
    await printer.home(['x', 'y'])
    await printer.setFeedrate(100)
    await printer.setFlowrate(100)
    await printer.setToolTargetTemperatures({ tool0: 30 })
    await until(async () => (await printer.getToolState()).tool0.target === 30)
    await printer.setToolTemperatureOffsets({ tool0: 1 })
    await printer.setToolTemperatureOffsets({ tool0: 0 })
    await printer.setToolTargetTemperatures({ tool0: 0 })
    await printer.selectTool('tool0')
    await printer.extrude(1)
    await printer.setBedTargetTemperature(30)
    await until(async () => (await printer.getBedState({ history: true })).bed.target === 30)
    await printer.setBedTargetTemperature(0)
    assert.equal(await refused(() => printer.getChamberState()), 409)
    assert.equal(await refused(() => printer.getSdState()), 404)
    assert.equal((await printer.getErrorInfo()).error, '')
    await OctoPrint.control.sendGcode(['M105', 'M114'])
    await OctoPrint.control.sendGcodeWithParameters(['M117 %(text)s'], { text: 'hello' })
    assert.equal(Array.isArray((await OctoPrint.control.getCustomControls()).controls), true)
  },

  async profiles() {
    const { printerprofiles } = OctoPrint
    await printerprofiles.add({ id: 'library', name: 'Library' }, '_default')
    await printerprofiles.update('library', { name: 'Renamed' })
    assert.equal((await printerprofiles.get('library')).name, 'Renamed')
    assert.equal('library' in (await printerprofiles.list()).profiles, true)
    await printerprofiles.delete('library')
  },

  async settings() {
    assert.equal((await OctoPrint.settings.get()).feature.sdSupport, false)
    const saved = await OctoPrint.settings.save({ appearance: { name: 'library' } })
    assert.equal(saved.appearance.name, 'library')
  },

  async system() {
    assert.deepEqual(Object.keys(await OctoPrint.system.getCommands()).sort(), ['core', 'custom', 'plugin'])
    assert.equal(Array.isArray(await OctoPrint.system.getCommandsForSource('core')), true)
    assert.equal('octoprint.version' in (await OctoPrint.system.getInfo()).systeminfo, true)
    assert.equal(typeof (await OctoPrint.system.getStartupData()).startup, 'object')
    assert.equal((await OctoPrint.languages.list()).language_packs._core.identifier, '_core')
    assert.deepEqual(Object.keys(await OctoPrint.slicing.listAllSlicersAndProfiles()), [])
    assert.equal((await OctoPrint.util.testResolution('localhost')).result, true)
    assert.equal(typeof (await OctoPrint.wizard.get()), 'object')
  },

  async timelapse() {
    assert.equal((await OctoPrint.timelapse.getConfig()).type, 'off')
    assert.equal((await OctoPrint.timelapse.listRendered()).length, 0)
  },

  async access() {
    assert.equal((await OctoPrint.access.users.list()).users.some((user) => user.name === 'ann'), true)
    assert.equal((await OctoPrint.users.get('ann')).active, true)
    assert.equal((await OctoPrint.access.permissions.list()).permissions.length > 10, true)
    assert.equal((await OctoPrint.browser.passiveLogin()).name, '_api')
  },
}

try {
  for (const [name, part] of Object.entries(PARTS)) {
    await part()
    console.log(JSON.stringify(name))
  }
  process.exit(0)
} catch (error) {
  console.error(error.stack ?? JSON.stringify({ status: error.status, body: error.responseText }))
  process.exit(1)
}
