// Package transform reads and rewrites SQL text without parsing more of it than the rewrite needs:
// a lexer, DEFINER clauses, renames, the split of CREATE TABLE, and what another kind of server asks for.
// Bodies, strings and comments are never touched.
package transform
