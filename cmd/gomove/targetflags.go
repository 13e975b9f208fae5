package main

import (
	"github.com/urfave/cli/v2"

	"github.com/gomove/gomove/loader"
	"github.com/gomove/gomove/transform"
)

// targetFlags say how a target is written, whatever the rows come from.
func targetFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "via", Value: "auto", Usage: "`ROUTE` of rows: auto (on MariaDB its bulk protocol, else local-infile or insert), local-infile, insert or s3 (Aurora reads the chunks of a dump on S3 by itself)"},
		&cli.StringFlag{Name: "definer", Value: "strip", Usage: "`WHO` becomes the DEFINER: strip (the loading account), keep (the dump's) or USER@HOST"},
		&cli.StringFlag{Name: "if-exists", Value: "fail", Usage: "`WHAT` to do with a table that is there: fail, skip, drop or truncate"},
		&cli.StringFlag{Name: "defer-indexes", Value: "auto", Usage: "`WHICH` secondary indexes are built after the rows: auto, all or none"},
		&cli.BoolFlag{Name: "skip-binlog", Usage: "keep the load out of the target's binary log, where the account may"},
		&cli.StringFlag{Name: "warnings", Value: "fail", Usage: "`WHAT` to do when the target warns about a row: fail or report"},
		&cli.StringFlag{Name: "invalid-text", Value: "fail", Usage: "`WHAT` to do with text that is not valid in its charset on the target: fail, or replace (by ?, named in the summary)"},
		&cli.BoolFlag{Name: "analyze", Usage: "ANALYZE TABLE after the rows"},
		&cli.BoolFlag{Name: "enable-events", Usage: "events as they were, in place of disabled"},
		&cli.BoolFlag{Name: "keep-progress", Usage: "leave the table of progress on the target"},
		&cli.BoolFlag{Name: "allow-unsafe-sql", Usage: "take definitions that reach other servers or files, run statements of a file of mysqldump that no dump needs in their places, and pass over those of a directory, in place of failing"},
		&cli.BoolFlag{Name: "restart", Usage: "forget what an interrupted load has done"},
	}
}

// targetOptions reads the flags of targetFlags, the maps of names and the changes of definitions.
func targetOptions(c *cli.Context, o *loader.Options) (err error) {
	if o.Via, err = enum(c, "via", loader.ViaAuto, loader.ViaLocalInfile, loader.ViaInsert, loader.ViaS3); err != nil {
		return err
	}
	if o.Definer, err = transform.ParseDefiner(c.String("definer")); err != nil {
		return usagef("--definer: %w", err)
	}
	if o.IfExists, err = enum(c, "if-exists", loader.ExistsFail, loader.ExistsSkip, loader.ExistsDrop, loader.ExistsTruncate); err != nil {
		return err
	}
	if o.DeferIndexes, err = enum(c, "defer-indexes", loader.DeferAuto, loader.DeferAll, loader.DeferNone); err != nil {
		return err
	}
	if o.Warnings, err = enum(c, "warnings", loader.Fail, loader.Report); err != nil {
		return err
	}
	if o.Session.InvalidText, err = enum(c, "invalid-text", loader.Fail, loader.Replace); err != nil {
		return err
	}
	if o.Names, err = names(c); err != nil {
		return err
	}
	if o.Changes, err = changes(c); err != nil {
		return err
	}
	if o.Changes.Charset, err = tableCharset(c); err != nil {
		return err
	}
	o.Session.AllowUnsafe = c.Bool("allow-unsafe-sql")
	o.Session.SkipBinlog = c.Bool("skip-binlog")
	o.After = loader.AfterOptions{
		Analyze:      c.Bool("analyze"),
		EnableEvents: c.Bool("enable-events"),
		KeepProgress: c.Bool("keep-progress"),
		Restart:      c.Bool("restart"),
	}
	return nil
}
