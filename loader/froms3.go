package loader

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// Bucket is a Source whose files a server can read by itself. *dump.Reader is one.
type Bucket interface {
	// ServerURI is a file as LOAD DATA FROM S3 calls it, s3-region://bucket/key; empty when the dump is not on S3.
	ServerURI(file string) string
	// FileBytes is the size of a file.
	FileBytes(ctx context.Context, file string) (int64, error)
}

var _ Bucket = (*dump.Reader)(nil)

// uri is a file of the dump for the target; empty when the dump is not on S3.
func (l *load) uri(file string) string {
	b, ok := l.from.(Bucket)
	if !ok {
		return ""
	}
	return b.ServerURI(file)
}

// onS3 reports a dump on S3, and a target that may know LOAD DATA FROM S3.
func (l *load) onS3() bool {
	return l.server.Facts.AuroraVersion() != "" && l.uri(dump.ManifestName) != ""
}

// lacksForS3 says what stands against LOAD DATA FROM S3; empty: nothing that is known.
func (l *load) lacksForS3() string {
	version := l.server.Facts.AuroraVersion()
	switch {
	case version == "":
		return "LOAD DATA FROM S3 is Aurora MySQL's, and the target is " + string(l.server.Facts.Flavor) + " " + l.server.Facts.Version
	case l.uri(dump.ManifestName) == "":
		return "the dump is not on S3: gomove stage takes it there"
	case l.format != dump.CSV:
		return "the dump holds INSERT statements, and LOAD DATA FROM S3 reads CSV: gomove stage makes it so"
	case l.from.Manifest().Compression != dump.None:
		return "the dump is compressed by " + string(l.from.Manifest().Compression) + ", and LOAD DATA FROM S3 reads plain files: gomove stage decompresses it"
	}
	if missing := mysql.AuroraS3Of(version).RoleMissing(l.server.Facts.Variables); missing != "" {
		return "no IAM role is named in the cluster parameter " + missing + ": " + mysql.AuroraS3Of(version).String()
	}
	return ""
}

// refusesS3 reports a target that does not read from S3 whatever the chunk is.
func refusesS3(err error) bool {
	return mysql.IsS3Setup(err) || mysql.IsDenied(err) || mysql.IsUnknown(err)
}

// passingS3 reports an error of S3 that may be gone at the next attempt.
func passingS3(err error) bool { return mysql.IsS3(err) && !mysql.IsS3Setup(err) }

// leaveS3 settles on another route.
func (l *load) leaveS3(why string) {
	if l.viaS3.CompareAndSwap(true, false) {
		why = "LOAD DATA FROM S3 was refused: " + why
		l.log.Warn("rows go over this machine", "reason", why)
		l.withoutS3(why)
	}
}

// activateRoles makes a role such as AWS_LOAD_S3_ACCESS active, which each session must do for itself. The chunk tells when that was not possible.
func (l *load) activateRoles(ctx context.Context, s *session) {
	if !mysql.AuroraS3Of(l.server.Facts.AuroraVersion()).Role {
		return
	}
	if _, err := s.ExecContext(ctx, "SET ROLE ALL"); err != nil {
		l.log.Debug("roles were not made active", "error", err)
	}
}

// tryS3 has the target read the dump's own description into a temporary table, before the first row: rights, roles, the network
// and the bucket must all be right for that, and the target must find this very dump there.
func (l *load) tryS3(ctx context.Context) error {
	if !l.viaS3.Load() {
		return nil
	}
	err := l.readOwnManifest(ctx)
	if err == nil || ctx.Err() != nil {
		return err
	}
	if l.o.Via == ViaAuto {
		l.leaveS3(err.Error())
		return nil
	}
	err = l.explainS3(fmt.Errorf("--via s3: the target does not read the dump, no row was loaded: %w", err))
	if l.past != nil {
		return err
	}
	_, undo := l.journal.remove(context.WithoutCancel(ctx), l.server) // nothing is loaded: there is nothing to carry on with
	return errors.Join(err, undo)
}

func (l *load) readOwnManifest(ctx context.Context) error {
	s, err := l.openForRows(ctx)
	if err != nil {
		return err
	}
	defer s.discard()
	table := mysql.QuoteTable(l.journal.schema, "gomove_"+randomName())
	if _, err := s.ExecContext(ctx, "CREATE TEMPORARY TABLE "+table+" (line LONGTEXT CHARACTER SET utf8mb4)"); err != nil {
		if mysql.IsDenied(err) && l.o.Via == ViaS3 {
			l.log.Info("the way from S3 is not tried before the rows", "reason", err)
			return nil
		}
		return fmt.Errorf("temporary table to try it with: %w", err)
	}
	if _, err := s.ExecContext(ctx, "LOAD DATA FROM S3 FILE "+mysql.QuoteString(l.uri(dump.ManifestName))+" INTO TABLE "+table+
		` CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\t' ESCAPED BY '' LINES TERMINATED BY '\n' (line)`); err != nil {
		return err
	}
	var found int
	if err := s.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table+" WHERE line LIKE "+mysql.QuoteString(`%"`+l.journal.id+`"%`)).Scan(&found); err != nil {
		return err
	}
	if found == 0 {
		return fmt.Errorf("%s that the target reads is of another dump than %s", l.uri(dump.ManifestName), l.journal.id)
	}
	_, err = s.ExecContext(ctx, "DROP TEMPORARY TABLE "+table)
	return err
}

// explainS3 adds what to grant and to set, which differs by version, where the account or the cluster lacks it.
func (l *load) explainS3(err error) error {
	if !mysql.IsDenied(err) && !mysql.IsUnknown(err) {
		return err
	}
	return fmt.Errorf("%w (LOAD DATA FROM S3 on Aurora %s needs %s)", err, l.server.Facts.AuroraVersion(), mysql.AuroraS3Of(l.server.Facts.AuroraVersion()))
}

// pulls reports a chunk that the target reads from S3 by itself: its rows go as they are in the dump.
func (w *writer) pulls(one work) bool {
	return w.viaS3.Load() && one.clean == nil && !one.t.recast.masked()
}

// pull has the target read a chunk's file from S3. In contrast to LOCAL duplicates are errors, and so are, in strict mode, values that do not fit.
func (w *writer) pull(ctx context.Context, one work) error {
	from := w.from.(Bucket) //nolint:forcetypeassert // viaS3 says so
	size, err := from.FileBytes(ctx, one.c.File)
	if err != nil {
		return err
	}
	if size != one.c.Stored {
		return fmt.Errorf("%w: %s has %d bytes on S3, its record says %d", dump.ErrCorrupt, one.c.File, size, one.c.Stored)
	}
	if err := w.s.strict(ctx, !one.t.enums); err != nil {
		return err
	}
	uri := from.ServerURI(one.c.File)
	res, err := w.s.ExecContext(ctx, loadStatement(one.t, "FROM S3 FILE "+mysql.QuoteString(uri)))
	if err != nil {
		return w.explainS3(inRow(err, 0))
	}
	got := result{expected: -1}
	if got.rows, err = res.RowsAffected(); err != nil {
		return err
	}
	if got.count, got.warnings, err = w.s.warnings(ctx); err != nil {
		return err
	}
	if err := w.reach(atLoaded, w.s, one.t.name); err != nil {
		return err
	}
	if err := w.check(ctx, one, got); err != nil {
		return err
	}
	return w.compareHistory(ctx, uri, one.c)
}

// compareHistory compares what the target says that it has read with the object's size, where the account may see that.
func (w *writer) compareHistory(ctx context.Context, uri string, c *dump.Chunk) error {
	if w.noHistory.Load() {
		return nil
	}
	var read int64
	err := w.s.QueryRowContext(ctx, "SELECT bytes_loaded FROM mysql.aurora_s3_load_history WHERE load_prefix="+mysql.QuoteString(uri)+
		" ORDER BY load_timestamp DESC LIMIT 1").Scan(&read)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil // nothing tells when the row is there: with the statement, or with its COMMIT
	case mysql.IsConnectionLost(err), ctx.Err() != nil:
		return err
	case err != nil:
		w.noHistory.Store(true)
		w.log.Info("mysql.aurora_s3_load_history cannot be read: what the target has read is told by the rows alone", "error", err)
		return nil
	case read != c.Stored:
		return fmt.Errorf("%w: the target has read %d bytes of %s, which has %d", ErrRows, read, uri, c.Stored)
	}
	return nil
}
