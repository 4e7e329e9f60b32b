// What a search ranks first: the definition with just the name sought.
// The rest is as Sphinx has it.
var Scorer = {
  objNameMatch: 1000,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
