// Package chunker cuts a table into key ranges that tile it: half-open, disjoint, their union the whole key space,
// whatever the boundaries are. Boundaries are real key values, compared by the server with the columns' own collations.
// A bad guess costs balance, never rows.
//
// A boundary is found by guessing a value between the ends of a range, snapping it to the next value that exists, and
// asking the server for its estimate of both halves. Each probe fixes the parts before one key part by equality and
// ranges over that part alone: the form that every server turns into one dive into the index. A boundary names only
// the parts that it needs, so predicates stay short on long keys.
//
// ENUM and SET parts have no inequality that an index can serve: ranges fix them by equality, one per member.
package chunker
