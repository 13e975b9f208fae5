package dumper

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomove/gomove/accounts"
	"github.com/gomove/gomove/internal/dump"
)

// writeAccounts writes the selected accounts and what they may do, first of all: objects have them as definers.
func (r *run) writeAccounts(ctx context.Context) error {
	if !r.o.Selection.Users.Wanted {
		return nil
	}
	conn, err := r.server.Session(ctx)
	if err != nil {
		return err
	}
	source := accounts.Source{Conn: conn, Facts: &r.server.Facts}
	all, err := source.Read(ctx, r.o.Selection.Users)
	if err := errors.Join(err, conn.Close()); err != nil {
		return err
	}
	r.users = len(all.Names)
	for _, name := range all.Idle {
		r.warn("account %s is not dumped: the server has it and does not use it, as under skip_name_resolve", name)
	}
	r.o.Log.Info("accounts", "dumped", len(all.Names), "left_out", all.Left)
	o := &dump.Object{Kind: dump.KindUsers, Schema: "mysql", Name: dump.UsersName, Base: dump.UsersName, Files: []string{dump.UsersFile}, Users: all.Names}
	if err := r.writer.WriteSQL(ctx, dump.UsersFile, all.Text); err != nil {
		return fmt.Errorf("dump %s: %w", dump.UsersFile, err)
	}
	return r.writer.WriteObject(ctx, o)
}

// validateAccounts refuses what accounts cannot go with.
func (o Options) validateAccounts() error {
	switch {
	case !o.Selection.Users.Wanted:
		return nil
	case o.For == dump.ForMyloader:
		return errors.New("--users: myloader reads no accounts; leave it out, or use --for gomove")
	case !o.Transform.Names.Empty():
		return errors.New("--users: grants keep the source's names: give --schema-map and --table-map to gomove load")
	}
	return nil
}
