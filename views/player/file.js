// A file that the page has made, for the reader to keep.

let saved = ""; // the address of the last file, which is read some time after it is asked for

/**
 * Give the reader a file.
 * @param {Blob} file
 * @param {string} name
 */
export function saveAs(file, name) {
  URL.revokeObjectURL(saved);
  saved = URL.createObjectURL(file);
  Object.assign(document.createElement("a"), { download: name, href: saved }).click();
}
