/** NetBIOS domain name (1 to 15 characters) and pre-Windows 2000 log-on name (1 to 20), by the characters that Windows refuses. */
const form = /^[^\s\\/:*?"<>|.][^\\/:*?"<>|]{0,14}\\[^"/\\[\]:;|=,+*?<>@]{1,20}$/;

/** Whether a text is a Windows login of the form `DOMAIN\login` (spec 5.5). */
export function isWindowsLogin(text: string): boolean {
  return form.test(text) && !text.endsWith('.') && text === text.trim();
}
