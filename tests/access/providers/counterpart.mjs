// An OpenID provider that others have written (oidc-provider), with its own sign-in form and its own sessions.
// Run: node counterpart.mjs PORT. Clients register themselves at /reg; any name is somebody there.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../../../assets/package.json", import.meta.url));
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")).href);

const port = Number(process.argv[2]);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  features: {
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    registration: { enabled: true },
  },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: id, email_verified: true, name: `Somebody called ${id}` }),
  }),
  cookies: { keys: ["of no account here"] },
  // It keeps away from this machine's own addresses, where the application is.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  pkce: { required: () => true },
});
provider.listen(port, "127.0.0.1");
