// A certified provider of OpenID Connect for the tests, with its own log-in form: any name comes in as itself.
// node openid_provider.mjs PORT REDIRECT_URI…; it says READY on its output.

const { default: Provider } = await import(new URL('../ui/node_modules/oidc-provider/lib/index.js', import.meta.url))

const [port, ...redirectUris] = process.argv.slice(2)
const GROUPS = { ada: ['makers', 'printer-admins'], eve: ['visitors'] }

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: 'mrdraw',
      client_secret: 'a-secret-of-the-tests',
      redirect_uris: redirectUris,
      grant_types: ['authorization_code'],
      response_types: ['code'],
    },
  ],
  pkce: { required: () => true },
  scopes: ['openid', 'profile', 'email'],
  claims: { openid: ['sub', 'auth_time'], profile: ['preferred_username', 'groups'] },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: `${id}@makers`, groups: GROUPS[id] ?? ['makers'] }),
  }),
  cookies: { keys: ['only for tests'] },
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
})
provider.listen(Number(port), '127.0.0.1', () => console.log('READY'))
