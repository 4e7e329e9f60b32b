// What a search ranks first: the definition with just the name sought, then
// the glossary's entry (Sphinx gives it 100), then sections, then text, and
// last of all definitions that only contain the word.
var Scorer = {
  objNameMatch: 1000,
  objPartialMatch: 0,
  objPrio: { 0: 2, 1: 1, 2: -5 },
  objPrioDefault: 0,
  title: 60,
  partialTitle: 20,
  term: 5,
  partialTerm: 2,
};
