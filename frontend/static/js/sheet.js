// @ts-check
// The sheets that add to a moment or change it, with drafts of what is typed. The log sheet itself needs none of this.
import { localInstant } from "./clock.js";
import { KEPT, noteOf, valueOf } from "./log.js";
import { outbox } from "./outbox.js";
import { keepDrafts } from "./outbox/draft.js";
import { changedFields, timeOf } from "./outbox/fields.js";
import { throughOutbox } from "./outbox/form.js";
import { showSavedHere } from "./outbox/here-saved.js";
import { put } from "./outbox/save.js";
import { A_WHILE } from "./outbox/sending.js";

/** @param {HTMLFormElement} form @param {string} momentId @param {string} [after] where it leads once it is sent */
export function keepSheet(form, momentId, after = `/moments/${momentId}/?kept`) {
  const drafts = keepDrafts(form, momentId, outbox);
  throughOutbox(form, {
    outbox,
    failed: drafts.resume,
    plain: drafts.handOver,
    patience: A_WHILE,
    keep: async (store) => {
      noteOf(form);
      const ofSheet = await drafts.stop();
      const time = timeOf(form);
      return put(store, {
        type: "update",
        momentId,
        sheet: ofSheet,
        rev: Number(valueOf(form, "revision")) || null,
        occurredAt: time ? valueOf(form, "opened_at") || localInstant() : null,
        // "Earlier today" is reckoned from the phone's clock, which may be wrong; a picked time is the author's own word.
        source: time?.when === "pick" ? "typed" : "auto",
        fields: changedFields(form, { asked: true }),
      });
    },
    then: (became, store) => {
      if (became === "sent") location.assign(after);
      else if (became === "kept") location.assign(KEPT);
      else showSavedHere(store, { momentId });
    },
  });
}

const sheet = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-keep=sheet]"));
if (sheet) keepSheet(sheet, sheet.dataset.moment ?? "");
