package loader

import (
	"context"
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

// skipBinlog keeps this load's sessions out of the binary log, unless the server writes none or the account has no way.
func (l *load) skipBinlog(ctx context.Context, s *mysql.Server) error {
	if !s.Facts.LogBin {
		return nil
	}
	ways := []string{withoutBinlog}
	if s.Facts.Procedures[binlogProcedure] {
		ways = append(ways, callWithoutBinlog)
	}
	for _, way := range ways {
		err := s.Also(ctx, way)
		if err == nil {
			return nil
		}
		if mysql.Number(err) == 0 || mysql.IsConnectionLost(err) {
			return err
		}
		l.log.Debug("the binary log", "tried", way, "error", err)
	}
	l.warn(fmt.Sprintf(binlogStays, s.Facts.User))
	return nil
}
