package dumper

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/store"
)

// Via is who writes the chunk files.
type Via string

// The values of --via.
const (
	ViaClient Via = "client" // gomove, of rows that it reads
	ViaS3     Via = "s3"     // Aurora, by SELECT ... INTO OUTFILE S3
)

// unloader is how Aurora writes ranges to the dump's place by itself. gomove reads what was written, for its checksums.
type unloader struct {
	writer *dump.Writer
	place  *store.S3
	chunks atomic.Int64 // that the server has written
}

// newUnloader tries the way with a row of no use.
func (r *run) newUnloader(ctx context.Context) error {
	if r.o.Via != ViaS3 {
		return nil
	}
	writer, ok := r.writer.(*dump.Writer)
	place, onS3 := r.o.Out.(*store.S3)
	if !ok || !onS3 {
		return errors.New("--via s3: Aurora writes to S3 alone: give -o s3://bucket/prefix")
	}
	version := r.server.Facts.AuroraVersion()
	if version == "" {
		return fmt.Errorf("--via s3: SELECT INTO OUTFILE S3 is Aurora MySQL's, and the source is %s %s", r.server.Facts.Flavor, r.server.Facts.Version)
	}
	r.unloader = &unloader{writer: writer, place: place}
	conn, err := r.server.Session(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing is open in it
	activateRoles(ctx, &r.server.Facts, conn)
	const probe = "gomove-probe"
	_, err = conn.ExecContext(ctx, "SELECT 1 "+intoS3(place.ServerURI(probe)))
	if err == nil {
		_, err = place.Stat(ctx, probe+firstPart)
	}
	if err != nil {
		grant := "GRANT SELECT INTO S3 ON *.* TO 'user'@'host', and aurora_select_into_s3_role or aws_default_s3_role"
		if mysql.AuroraS3Of(version).Role {
			grant = "GRANT AWS_SELECT_S3_ACCESS TO 'user'@'host', and aws_default_s3_role"
		}
		return fmt.Errorf("--via s3: the source does not write to %s: %w (SELECT INTO OUTFILE S3 on Aurora %s needs %s, the ARN of a role that may write there)", place, err, version, grant)
	}
	return place.Remove(ctx, probe+firstPart)
}

const firstPart = ".part_00000"

// intoS3 is format 1's CSV in the words of SELECT ... INTO OUTFILE S3. Bytes stay as they are.
func intoS3(uri string) string {
	return "INTO OUTFILE S3 " + mysql.QuoteString(uri) + " " + dump.LoadDataClauses + " MANIFEST OFF OVERWRITE ON"
}

// activateRoles makes rights by roles, such as AWS_SELECT_S3_ACCESS, active in a session. The statement that needs them tells when that
// was not possible.
func activateRoles(ctx context.Context, f *mysql.Facts, conn *mysql.Conn) {
	if v := f.AuroraVersion(); v != "" && mysql.AuroraS3Of(v).Role {
		_, _ = conn.ExecContext(ctx, "SET ROLE ALL")
	}
}

// takes reports a table whose values the server writes as gomove would: all but those that gomove looks at or changes on their way, BIT,
// whose bytes the server does not escape, and text in charsets whose characters hold the bytes of quotes and escapes.
func (u *unloader) takes(t *tableState) bool {
	if u == nil || t.Key == nil || t.Plan.Rewrites() || len(t.Plan.Inspected) > 0 {
		return false
	}
	return !slices.ContainsFunc(t.Columns, func(c catalog.Column) bool {
		switch c.Charset {
		case "", "binary", "ascii", "latin1", "utf8", "utf8mb3", "utf8mb4":
			return c.DataType == "bit"
		}
		return true
	})
}

// unload has the server write a range, and reads it back. Nothing is recorded before all of it is known to be there.
func (r *reader) unload(ctx context.Context, j *job) error {
	u, t := r.unloader, j.table
	if some, err := r.hasRows(ctx, j); err != nil || !some { // what Aurora writes for no rows is not documented
		return r.explain(j, -1, lost(err))
	}
	number := int(t.numbers.Add(1) - 1)
	stem := u.writer.ChunkFileName(t.object, number) + "-unload" // no chunk's name: a killed run's is thrown away
	stop := r.conn.KillOnDone(ctx)
	res, err := r.conn.ExecContext(ctx, t.UnloadSQL(j.rng)+" "+intoS3(u.place.ServerURI(stem)))
	stop()
	if err != nil {
		return r.explain(j, int64(number), errors.Join(lost(err), u.sweep(ctx, stem)))
	}
	rows, err := res.RowsAffected()
	if err == nil {
		err = r.adopt(ctx, j, number, stem, rows)
	}
	return r.explain(j, int64(number), err)
}

// hasRows reports whether there is a row in a range.
func (r *reader) hasRows(ctx context.Context, j *job) (bool, error) {
	var one int
	err := r.conn.QueryRowContext(ctx, j.table.SelectWhere(j.rng, []string{"1"}, "")+" LIMIT 1").Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// sweep removes what a statement has left.
func (u *unloader) sweep(ctx context.Context, stem string) error {
	ctx = context.WithoutCancel(ctx)
	var names []string
	for info, err := range u.place.List(ctx, stem) {
		if err != nil {
			return err
		}
		names = append(names, info.Name)
	}
	for _, name := range names {
		if err := u.place.Remove(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// adopt makes chunks of the files that a statement has written.
func (r *reader) adopt(ctx context.Context, j *job, number int, stem string, rows int64) error {
	u, t := r.unloader, j.table
	var parts []string
	for info, err := range u.place.List(ctx, stem+".part_") {
		if err != nil {
			return err
		}
		parts = append(parts, info.Name)
	}
	chunks, found := make([]*dump.Chunk, len(parts)), int64(0)
	for i, part := range parts {
		if i > 0 {
			number = int(t.numbers.Add(1) - 1)
		}
		if err := u.place.Rename(ctx, part, u.writer.ChunkFileName(t.object, number)); err != nil {
			return err
		}
		c, err := u.writer.ReadChunk(ctx, t.object, number)
		if err != nil {
			return err
		}
		c.Range = dumpRange(j.rng, i, i+1 < len(parts))
		chunks[i], found = c, found+c.Rows
	}
	if found != rows {
		return fmt.Errorf("the server has written %d rows, and %s holds %d", rows, u.place, found)
	}
	for _, c := range chunks {
		if err := u.writer.Adopt(ctx, t.object, c); err != nil {
			return err
		}
		r.counters.Rows.Add(c.Rows)
		r.counters.Bytes.Add(c.Bytes)
		r.counters.Stored.Add(c.Stored)
		r.counters.Chunks.Add(1)
		t.count(c.Rows)
	}
	u.chunks.Add(int64(len(chunks)))
	return nil
}
