// Passkeys: a form with data-passkey asks the browser for a credential and sends it as JSON. Options
// come with the form (data-options), or fresh from the server when it is sent (data-options-url).

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const described = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

function decoded({ publicKey: options }) {
  const read = { ...options, challenge: bytes(options.challenge) };
  if (options.user) read.user = { ...options.user, id: bytes(options.user.id) };
  if (options.allowCredentials) read.allowCredentials = described(options.allowCredentials);
  if (options.excludeCredentials) read.excludeCredentials = described(options.excludeCredentials);
  return { publicKey: read };
}

function encoded(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

async function optionsOf(form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options);
  const answer = await fetch(form.dataset.optionsUrl, { headers: { Accept: "application/json" } });
  return answer.json();
}

async function ask(form) {
  const options = decoded(await optionsOf(form));
  const credential = await navigator.credentials[form.dataset.passkey](options);
  form.elements.credential.value = encoded(credential);
  form.submit();
}

for (const form of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form).catch(() => {
      form.querySelector("[data-problem]").hidden = false;
    });
  });
}
