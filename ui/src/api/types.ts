// The shapes that the API answers with: the one place for them. Units: mm, mm/min, s, °C, bytes; times in unix seconds.

export interface PageState {
  firstRun: boolean
  accessControl: boolean
  name: string
  version: string
}

export interface AuditEntry {
  id: number
  /** unix s */
  at: number
  action: string
  outcome: 'done' | 'refused' | 'failed'
  status: number | null
  user: string | null
  via: string | null
  fingerprint: string | null
  address: string | null
  machine: string | null
  subject: string
  detail: string
}

export interface AuditPage {
  entries: AuditEntry[]
  next: number | null
  days: number
}

export interface LoginRecord {
  name?: string
  groups?: string[]
  session?: string
}

/** A way to sign in: `password`, or `openid` where the browser goes to the address. */
export interface LoginMethod {
  kind: string
  name: string
  address: string
}

export interface CurrentUser {
  name: string | null
  permissions: string[]
  groups: string[]
}

export interface StateFlags {
  operational: boolean
  printing: boolean
  cancelling: boolean
  pausing: boolean
  resuming: boolean
  finishing: boolean
  paused: boolean
  ready: boolean
  error: boolean
  closedOrError: boolean
}

export interface MachineStateRecord {
  text: string
  flags: StateFlags
  error: string
}

export interface JobFile {
  name: string | null
  path: string | null
  display: string | null
  origin: string | null
  size: number | null
  date: number | null
}

export interface JobRecord {
  file: JobFile
  user: string | null
}

export interface ProgressRecord {
  completion: number | null
  filepos: number | null
  printTime: number | null
  printTimeLeft: number | null
  printTimeLeftOrigin: string | null
}

export interface HeaterPair {
  actual: number | null
  target: number | null
}

export interface TemperaturePoint {
  time: number
  heaters: Record<string, HeaterPair>
}

/** A point as it is pushed: the heaters stand beside the time. */
export type PushedTemperaturePoint = { time: number } & Record<string, HeaterPair | number>

export interface Notice {
  key: string
  text: string
  until: number | null
}

/** What the firmware asks; the answer is the number of a choice. */
export interface Prompt {
  text: string
  choices: string[]
}

/** What the firmware said to people; `timestamp` in unix seconds. */
export interface Notification {
  timestamp: number
  message: string
}

export interface Interrupted {
  id: string
  file: { name: string; path: string; origin: string; size: number }
  line: number
  sent: number
  acknowledged: number
  /** Lines that were certainly executed; null until it was found out, which is when there is an offer. */
  executed: number | null
  at: number
  reason: string
}

/** A line of a job before which one can begin, and what the lines before it left behind. */
export interface ResumePlace {
  index: number
  line: number
  filepos: number
  layer: number | null
  height: number | null
  position: Record<string, number>
  absolute: boolean
  absoluteExtrusion: boolean
  inches: boolean
  feedRate: number | null
  tool: number
  targets: Record<string, number>
  fans: Record<string, number>
}

export interface Told {
  key: string
  text: string
}

/** How an interrupted job goes on, for one choice. */
export interface ResumeOffer {
  interrupted: Interrupted
  executed: number
  acknowledged: number
  possible: number
  total: number
  exact: boolean
  kinematics: string | null
  place: ResumePlace
  /** Lines that are executed a second time at most. */
  overlap: number
  layers: { number: number; z: number | null; line: number; overlap: number }[]
  heights: number[]
  homing: string
  homings: string[]
  /** The axes whose place has to be confirmed. */
  asked: string[]
  position: Record<string, number>
  lift: number
  unknown: Told[]
  warnings: Told[]
  lines: string[]
  script: string
}

export interface Profile {
  id: string
  name: string
  width: number
  depth: number
  height: number
  originCenter: boolean
  extruders: number
  heatedBed: boolean
  heatedChamber: boolean
  maxToolTemperature: number
  maxBedTemperature: number
  maxChamberTemperature: number
  speedX: number
  speedY: number
  speedZ: number
  speedE: number
}

/** What was measured on a wire while a job ran; times in s, rates in bytes/s. */
export interface WireFigures {
  seconds: number
  lines: number
  host: { late: number; lateSeconds: number; longest: number; processorWait: number | null }
  machine: {
    late: number
    lateSeconds: number
    longest: number
    plannerKnown: boolean
    leastPlannerFree: number | null
    leastQueueFree: number | null
  }
  cable: {
    resends: number
    timeouts: number
    lostAcknowledges: number
    acceptedByLuck: number
    lostSeconds: number
  }
  baudRate: {
    limit: number | null
    bytesOut: number
    bytesIn: number
    peakOut: number
    peakIn: number
    fullSeconds: number
  }
}

/** Who kept the wire of the running job waiting, or that of the last one; nulls where nothing was measured. */
export interface WireRecord {
  job: string | null
  running: boolean
  verdict: string | null
  why: string | null
  figures: WireFigures | null
}

/** How it stands with the connection; `since` in unix seconds. */
export interface ConnectionStatus {
  phase: 'closed' | 'connecting' | 'connected' | 'waiting' | 'link-lost' | 'ambiguous' | 'failed'
  since: number | null
  reason: string
  device: { byId: string; byPath: string; serialNumber: string; uuid: string; shared: boolean }
}

/** What MrDraw knows of a machine beyond the words of the compatible API. */
export interface MachineDetails {
  id: string
  name: string
  reachable: boolean
  port: string | null
  baudrate: number | null
  connection: ConnectionStatus
  firmware: string
  position: Record<string, number>
  homed: string
  tool: number
  interrupted: Interrupted | null
  notices: Notice[]
  prompt: Prompt | null
  notifications: Notification[]
  profile: Profile
}

export interface MachineRecord extends MachineDetails {
  state: MachineStateRecord & { id: string }
  progress: ProgressRecord
}

export interface CurrentMessage {
  state: MachineStateRecord
  job: JobRecord
  progress: ProgressRecord
  currentZ: number | null
  temps: PushedTemperaturePoint[]
  logs?: string[]
  serverTime: number
  machine?: MachineDetails
}

export interface EventMessage {
  type: string
  payload: Record<string, unknown> | null
}

export interface ConnectionRecord {
  current: { state: string; port: string | null; baudrate: number | null; printerProfile: string }
  options: {
    ports: string[]
    baudrates: number[]
    portPreference: string | null
    baudratePreference: number | null
    autoconnect: boolean
  }
}

export interface FileRefs {
  resource: string
  download?: string
}

export interface FileEntry {
  name: string
  display: string
  path: string
  type: string
  typePath: string[]
  origin: string
  size?: number
  date?: number
  user?: string
  refs: FileRefs
  children?: FileEntry[]
}

export interface FileList {
  files: FileEntry[]
  free: number
  total: number
}

export interface UploadResult {
  files: { local: { name: string; path: string } }
  done: boolean
  effectiveSelect: boolean
  effectivePrint: boolean
}

/** The machines that groups and permissions are limited to, by their keys. */
export interface Scopes {
  groups: Record<string, string[]>
  permissions: Record<string, string[]>
}

export interface UserRecord {
  name: string
  active: boolean
  groups: string[]
  permissions: string[]
  apikey: string | null
  /** Whether there is a key is not told before the password was typed once more. */
  apikeyHidden?: boolean
  machines?: Scopes
  admin: boolean
}

/** A group; `permissions` are its own, those of its subgroups come on top. */
export interface GroupRecord {
  key: string
  name: string
  description: string
  permissions: string[]
  subgroups: string[]
  /** New users are put into it. */
  default: boolean
  removable: boolean
  changeable: boolean
  /** Users can be put into it. */
  toggleable: boolean
  dangerous: boolean
}

export interface PermissionRecord {
  key: string
  name: string
  description: string
  dangerous: boolean
  plugin?: string
  /** Whether it can be had for some machines only, is one for all that share something, or concerns the whole installation. */
  scope?: 'machine' | 'shared' | 'installation'
}

export interface TemperatureProfile {
  name: string
  extruder: number
  bed: number
  chamber?: number | null
}

/** A camera; members that the page has no use for are kept as they are. */
export interface CameraRecord {
  name: string
  canSnapshot?: boolean
  flipH?: boolean
  flipV?: boolean
  rotate90?: boolean
  compat?: ({ snapshot: string; stream: string } & Record<string, unknown>) | null
  [member: string]: unknown
}

/** The cameras of a machine, and what the one that is shown looks like. */
export interface WebcamRecord {
  webcams: CameraRecord[]
  defaultWebcam: string | null
  webcamEnabled: boolean
  snapshotUrl: string | null
  streamUrl: string | null
  flipH: boolean | null
  flipV: boolean | null
  rotate90: boolean | null
}

/** How the page presents itself. */
export interface Appearance {
  name: string
  color: string
  showFahrenheitAlso: boolean
}

/** What the page offers, and what it asks before it acts. */
export interface Feature {
  temperatureGraph: boolean
  keyboardControl: boolean
  rememberFileFolder: boolean
  printStartConfirmation: boolean
  printCancelConfirmation: boolean
  uploadOverwriteConfirmation: boolean
  fileDeleteConfirmation: boolean
  enableDragDropUpload: boolean
}

export interface SettingsRecord {
  api: { key: string | null; keyHidden?: boolean; allowCrossOrigin: boolean }
  appearance: Appearance
  feature: Feature
  temperature: {
    profiles: TemperatureProfile[]
    cutoff: number
    sendAutomatically: boolean
    /** s */
    sendAutomaticallyAfter: number
  }
  terminalFilters: { name: string; regex: string }[]
  /** Bytes. */
  server: { diskspace: { warning: number; critical: number } }
  plugins: Record<string, unknown>
  /** Nothing for those who may not look. */
  webcam?: WebcamRecord
}

export type SystemFacts = Record<string, string | number | boolean | null>

/** Bytes. */
export interface Space {
  free: number
  total: number
}

export interface SystemCommand {
  action: string
  source: string
  name?: string
  confirm?: string
}

export interface LogRecord {
  name: string
  /** Unix s. */
  date: number
  /** Bytes. */
  size: number
}

export interface LogList {
  files: LogRecord[]
}

export interface PluginMessage {
  plugin: string
  data: unknown
}

export interface SessionRecord {
  id: string
  current: boolean
  by: 'login' | 'request' | 'application'
  app: string | null
  address: string
  agent: string
  remember: boolean
  /** Unix s. */
  createdAt: number
  /** Unix s, within a minute. */
  usedAt: number
}

export interface ApplicationKeyRecord {
  id: string
  app: string
  address: string
  /** Unix s. */
  createdAt: number
  /** Unix s, within a minute. */
  usedAt: number | null
  /** Unix s. */
  expiresAt: number | null
}

export interface SecondFactorRecord {
  enabled: boolean
  since: number | null
  /** Those that were not used yet. */
  recoveryCodes: number
}

export interface PasskeyRecord {
  id: string
  name: string
  /** The host name that it is for. */
  site: string
  createdAt: number
  usedAt: number | null
}

export interface FactorsRecord {
  secondFactor: SecondFactorRecord
  passkeys: PasskeyRecord[]
}
