package loader

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomove/gomove/internal/mysql"
)

// The ways to keep a session out of the binary log: by right, and by the procedure that Aurora has for it since version 2.12.
const (
	withoutBinlog     = "SET SESSION sql_log_bin=0"
	binlogProcedure   = "rds_disable_session_binlog"
	callWithoutBinlog = "CALL mysql." + binlogProcedure + "()"
	binlogStays       = "--skip-binlog: the load is in the target's binary log: account %s may not set sql_log_bin (it takes SUPER, BINLOG ADMIN or SESSION_VARIABLES_ADMIN)"
)

// binlogStatement finds the way to keep this load's sessions out of the binary log, empty where the server writes none or the account
// has no way.
func (l *load) binlogStatement(ctx context.Context, o mysql.Options) (statement string, err error) {
	s, err := mysql.Connect(ctx, o, mysql.ForLoad)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if !s.Facts.LogBin {
		return "", nil
	}
	c, err := s.Session(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	ways := []string{withoutBinlog}
	if s.Facts.Procedures[binlogProcedure] {
		ways = append(ways, callWithoutBinlog)
	}
	for _, way := range ways {
		_, err := c.ExecContext(ctx, way)
		if err == nil {
			return way, nil
		}
		if mysql.Number(err) == 0 || mysql.IsConnectionLost(err) {
			return "", err
		}
		l.log.Debug("the binary log", "tried", way, "error", err)
	}
	l.warn(fmt.Sprintf(binlogStays, s.Facts.User))
	return "", nil
}
