// Package foreign is what the readers of dumps that other tools wrote share: literals of INSERT statements, tables as their rows
// need them, chunks of bounded size in memory, compressed files, an id that is the same for the same files.
// The rows of such a dump become format 1's CSV on the way, so that the loader has one kind of rows.
package foreign
