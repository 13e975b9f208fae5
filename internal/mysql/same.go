package mysql

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
)

// SameServer reports whether two connections lead to one server, by whatever names: a lock taken over one is held for the other.
// Where a server has no such locks its own account of itself decides.
func SameServer(ctx context.Context, a, b *Server) (same bool, err error) {
	if a.Facts.UUID != "" && a.Facts.UUID == b.Facts.UUID {
		return true, nil
	}
	conn, err := a.Session(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	name := "gomove." + rand.Text()
	var got, holder sql.NullInt64
	err = conn.QueryRowContext(ctx, fmt.Sprintf("SELECT GET_LOCK('%s',0)", name)).Scan(&got)
	if err == nil && got.Int64 == 1 {
		err = b.DB().QueryRowContext(ctx, fmt.Sprintf("SELECT IS_USED_LOCK('%s')", name)).Scan(&holder)
		if err == nil {
			return holder.Valid && uint64(holder.Int64) == conn.ID, nil
		}
	}
	if IsConnectionLost(err) || ctx.Err() != nil {
		return false, err
	}
	for _, v := range []string{"hostname", "port", "server_id", "datadir", "socket"} {
		if a.Facts.Variables[v] != b.Facts.Variables[v] {
			return false, nil
		}
	}
	return true, nil
}
