// A real OpenID provider on loopback. PUT /people says who has an account there, as JSON:
// {"sub": {claims}}. Its own pages take any login and password.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

let people = {};
let serveProvider;

const server = createServer(async (request, response) => {
  if (request.method === "PUT" && request.url === "/people") {
    let body = "";
    for await (const part of request) body += part;
    people = JSON.parse(body);
    response.end();
    return;
  }
  serveProvider(request, response);
});

server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "pingadmin",
        client_secret: process.env.CLIENT_SECRET,
        redirect_uris: ["http://127.0.0.1/accounts/oidc/sso/login/callback/"],
        post_logout_redirect_uris: ["http://127.0.0.1/accounts/login/"],
        token_endpoint_auth_method: "client_secret_post",
      },
    ],
    claims: {
      openid: ["sub"],
      email: ["email", "email_verified"],
      profile: ["preferred_username", "given_name", "family_name", "groups"],
    },
    cookies: { keys: ["for-tests-only"] },
    pkce: { required: () => true },
    findAccount: (context, sub) => people[sub] && { accountId: sub, claims: () => ({ sub, ...people[sub] }) },
  });
  // The panel of a test has any port.
  const isOurs = (addresses, address) => addresses.includes(address.replace(/:\d+\//, "/"));
  provider.Client.prototype.redirectUriAllowed = function (address) {
    return isOurs(this.redirectUris, address);
  };
  provider.Client.prototype.postLogoutRedirectUriAllowed = function (address) {
    return isOurs(this.postLogoutRedirectUris, address);
  };
  serveProvider = provider.callback();
  console.log(`Provider at ${issuer}`);
});
