export const say = (text, more = {}) => dispatchEvent(new CustomEvent("parlour:say", { detail: { text, ...more } }));
