// Who is at the page, and what that person may do.

import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { api, RequestError } from '../api/client'
import type { Credentials } from '../api/socket'
import type { CurrentUser, LoginRecord } from '../api/types'
import { signWithPasskey, type RequestOptions } from '../lib/passkeys'
import { readPageState } from '../lib/pageState'

/** As the server names the codes of a second factor. */
export type Tokens = Partial<Record<'mfa-totp-token' | 'mfa-recovery-token', string>>
/** The name of whoever is at the page while access control is off. */
const OPEN_PAGE = '_page'

export const useSession = defineStore('session', () => {
  const page = readPageState()
  const firstRun = ref(page.firstRun)
  /** Whether everybody is asked who they are. */
  const accessControl = ref(page.accessControl)
  const hostName = ref(page.name)
  const version = ref(page.version)
  const user = ref<CurrentUser | null>(null)
  /** Whether it is known who is there. */
  const known = ref(false)
  const session = ref('')
  /** The base path of the machine that is shown: what may be done is a matter of each machine. */
  const base = ref('')

  const name = computed(() => user.value?.name ?? null)
  /** Whether nobody was asked: the page is worked without a password. */
  const atOpenPage = computed(() => name.value === OPEN_PAGE)
  const isAdmin = computed(() => may('ADMIN'))

  function may(permission: string): boolean {
    const held = user.value?.permissions ?? []
    return held.includes(permission) || held.includes('ADMIN')
  }

  /** Finds out who the browser's session belongs to. */
  async function recall(): Promise<void> {
    const record = await api.post<LoginRecord>('/api/login', { passive: true })
    await take(record)
  }

  /** `tokens` are the second factor, where one is wanted. */
  async function signIn(name: string, password: string, remember: boolean, tokens: Tokens = {}): Promise<void> {
    await take(await api.post<LoginRecord>('/api/login', { user: name, pass: password, remember, ...tokens }))
  }

  /** With a passkey: in the place of a password, or to prove once more who is here. */
  async function signInByPasskey(remember: boolean): Promise<void> {
    const { publicKey } = await api.post<RequestOptions>('/api/v1/account/sign-in/challenge')
    const credential = await signWithPasskey(publicKey)
    await take(await api.post<LoginRecord>('/api/v1/account/sign-in', { credential, remember }))
  }

  async function take(record: LoginRecord): Promise<void> {
    session.value = record.session ?? ''
    user.value = record.name ? await api.get<CurrentUser>(`${base.value}/api/currentuser`) : null
    known.value = true
  }

  /** Finds out what the user may do on another machine: the one with this base path. */
  async function lookAt(machineBase: string): Promise<void> {
    base.value = machineBase
    if (user.value) user.value = await api.get<CurrentUser>(`${machineBase}/api/currentuser`)
  }

  async function signOut(): Promise<void> {
    await api.post('/api/logout')
    forget()
  }

  function forget(): void {
    user.value = null
    session.value = ''
  }

  /** What the push channel asks for; null when nobody is signed in any more. */
  async function credentials(): Promise<Credentials | null> {
    try {
      await recall()
    } catch (error) {
      if (error instanceof RequestError && error.unreachable) throw error
      forget()
    }
    return user.value?.name ? { user: user.value.name, session: session.value } : null
  }

  return { firstRun, accessControl, hostName, version, user, name, atOpenPage, known, isAdmin, may, recall, lookAt, signIn, signInByPasskey, signOut, forget, credentials }
})
