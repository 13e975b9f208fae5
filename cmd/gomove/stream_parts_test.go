package main

import (
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// TestStreamInParts: definitions alone through one pipe, rows alone through the next.
func TestStreamInParts(t *testing.T) {
	t.Parallel()
	server := testdb.StartOwn(t, testdb.MariaDB)
	if err := testdb.LoadShop(t.Context(), server.DB(t), "shop", 300); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	dump, load := dumpArgs(server, "-", "-B", "shop"), loadArgs(server, "-", "--schema-map", "shop=parts")
	shell(t, dir, command(append(dump, "--no-data", "--no-triggers")...)+" | "+command(load...))
	shell(t, dir, command(append(dump, "--no-schema")...)+" | "+command(append(load, "--if-exists", "truncate")...))
	requireSameRows(t, server, server, "shop", "parts")
}
