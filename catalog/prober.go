package catalog

import (
	"context"
	"database/sql"

	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/mysql"
)

// Prober runs the planner's probes on a session of its own, and on a new one when that is lost: where ranges begin and
// end does not depend on the snapshot. It is not safe for concurrent use.
type Prober struct {
	Server *mysql.Server
	conn   *mysql.Conn
}

var _ chunker.Querier = (*Prober)(nil)

// lostTries bounds the sessions that one probe may use up.
const lostTries = 3

// QueryContext runs a query.
func (q *Prober) QueryContext(ctx context.Context, query string, args ...any) (rows *sql.Rows, err error) {
	for range lostTries {
		if q.conn == nil {
			if q.conn, err = q.Server.Session(ctx); err != nil {
				return nil, err
			}
		}
		rows, err = q.conn.QueryContext(ctx, query, args...)
		if !mysql.IsConnectionLost(err) || ctx.Err() != nil {
			return rows, err
		}
		_ = q.conn.Close() // lost already
		q.conn = nil
	}
	return nil, err
}

func (q *Prober) Close() {
	if q.conn != nil {
		_ = q.conn.Close()
		q.conn = nil
	}
}
