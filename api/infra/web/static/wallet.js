// Signing with a wallet in the browser (EIP-1193): a button names the element that holds what is signed and the field that
// takes the signature. Without a wallet the page works as well: the signature is pasted from the employer's own system.

async function account(provider, wanted, other) {
  const accounts = await provider.request({ method: "eth_requestAccounts" });
  if (!wanted) return accounts[0];
  const found = accounts.find((item) => item.toLowerCase() === wanted.toLowerCase());
  if (!found) throw new Error(other || wanted);
  return found;
}

async function sign(button) {
  const provider = window.ethereum;
  const target = document.getElementById(button.dataset.walletTarget);
  if (!provider) {
    target.setCustomValidity(button.dataset.walletMissing);
    target.reportValidity();
    target.setCustomValidity("");
    return;
  }
  const source = document.getElementById(button.dataset.walletSign).textContent;
  button.disabled = true;
  try {
    const from = await account(provider, button.dataset.walletSigner, button.dataset.walletOther);
    if (button.dataset.walletText) {
      const hex = Array.from(new TextEncoder().encode(source), (byte) => byte.toString(16).padStart(2, "0")).join("");
      target.value = await provider.request({ method: "personal_sign", params: [`0x${hex}`, from] });
    } else {
      target.value = await provider.request({ method: "eth_signTypedData_v4", params: [from, source] });
    }
  } catch (error) {
    target.setCustomValidity(String((error && error.message) || error));
    target.reportValidity();
    target.setCustomValidity("");
  } finally {
    button.disabled = false;
  }
}

for (const button of document.querySelectorAll("[data-wallet-sign]")) {
  button.addEventListener("click", () => sign(button));
}
