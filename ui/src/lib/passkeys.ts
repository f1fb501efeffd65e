// What the browser does with passkeys. The library comes when somebody uses one.

import type { PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser'

export interface CreationOptions {
  publicKey: PublicKeyCredentialCreationOptionsJSON
}

export interface RequestOptions {
  publicKey: PublicKeyCredentialRequestOptionsJSON
}

/** The person closed the browser's dialog, or let it wait too long. */
export class PasskeyLeft extends Error {}

const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[.*\])$/

/** Whether this browser has passkeys here: it needs https or localhost, and a host name instead of an address. */
export function hasPasskeys(where: Pick<Location, 'hostname'> = location, secure = isSecureContext): boolean {
  return secure && typeof PublicKeyCredential === 'function' && !ADDRESS.test(where.hostname)
}

export const makePasskey = (optionsJSON: PublicKeyCredentialCreationOptionsJSON) =>
  asked(async () => (await import('@simplewebauthn/browser')).startRegistration({ optionsJSON }))

export const signWithPasskey = (optionsJSON: PublicKeyCredentialRequestOptionsJSON) =>
  asked(async () => (await import('@simplewebauthn/browser')).startAuthentication({ optionsJSON }))

async function asked<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Error && ['NotAllowedError', 'AbortError'].includes(error.name)) throw new PasskeyLeft(error.message)
    throw error
  }
}
