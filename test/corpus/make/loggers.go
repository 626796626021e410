// Writes one line a level with each of Go's common loggers: go run . <logger>
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"log/slog"
	"os"

	"github.com/rs/zerolog"
	"github.com/sirupsen/logrus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"k8s.io/klog/v2"
)

func main() {
	ctx := context.Background()
	switch os.Args[1] {
	case "zap":
		config := zap.NewProductionConfig()
		config.Level = zap.NewAtomicLevelAt(zap.DebugLevel)
		config.Sampling = nil
		config.OutputPaths = []string{"stdout"}
		l, _ := config.Build()
		l.Debug("cache miss, expects 20", zap.String("key", "a b"))
		l.Info("request done, expects 30", zap.Int("status", 200), zap.Int64("id", 9007199254740993))
		l.Warn("slow query, expects 40", zap.Float64("ms", 1234.5))
		l.Error("no connection, expects 50", zap.Error(errors.New("dial tcp: refused")))
		l.DPanic("bad state, expects 60")
	case "zap-console":
		config := zap.NewDevelopmentConfig()
		config.EncoderConfig.EncodeTime = zapcore.ISO8601TimeEncoder
		config.OutputPaths = []string{"stdout"}
		config.DisableStacktrace = true
		l, _ := config.Build()
		l.Debug("cache miss, expects 20")
		l.Info("request done, expects 30")
		l.Warn("slow query, expects 40")
		l.Error("no connection, expects 50")
	case "slog-json", "slog-text":
		options := &slog.HandlerOptions{Level: slog.Level(-8)}
		var h slog.Handler = slog.NewJSONHandler(os.Stdout, options)
		if os.Args[1] == "slog-text" {
			h = slog.NewTextHandler(os.Stdout, options)
		}
		l := slog.New(h)
		l.Log(ctx, slog.Level(-8), "every byte, expects 10")
		l.Debug("cache miss, expects 20", "key", "a b")
		l.Info("request done, expects 30", "status", 200, slog.Group("http", "method", "GET"))
		l.Log(ctx, slog.Level(2), "a notice, expects 30")
		l.Warn("slow query, expects 40", "msg", "an attribute of the same name")
		l.Error("no connection, expects 50", "err", errors.New("dial tcp: \"db\" refused"))
		l.Log(ctx, slog.Level(12), "disk gone, expects 60")
	case "logrus-text", "logrus-json":
		l := logrus.New()
		l.SetOutput(os.Stdout)
		l.SetLevel(logrus.TraceLevel)
		l.ExitFunc = func(int) {}
		if os.Args[1] == "logrus-json" {
			l.SetFormatter(&logrus.JSONFormatter{})
		}
		l.Trace("every byte, expects 10")
		l.WithField("key", "a b").Debug("cache miss, expects 20")
		l.WithField("status", 200).Info("request done, expects 30")
		l.Warn("slow query, expects 40")
		l.WithError(errors.New("dial tcp: refused")).Error("no connection, expects 50")
		l.Fatal("disk gone, expects 60")
	case "logrus-color":
		l := logrus.New()
		l.SetOutput(os.Stdout)
		l.SetFormatter(&logrus.TextFormatter{ForceColors: true})
		l.SetLevel(logrus.TraceLevel)
		l.ExitFunc = func(int) {}
		l.Trace("every byte, expects 10")
		l.Debug("cache miss, expects 20")
		l.Info("request done, expects 30")
		l.Warn("slow query, expects 40")
		l.Error("no connection, expects 50")
		l.Fatal("disk gone, expects 60")
	case "zerolog":
		l := zerolog.New(os.Stdout).With().Timestamp().Logger().Level(zerolog.TraceLevel)
		l.Trace().Msg("every byte, expects 10")
		l.Debug().Str("key", "a b").Msg("cache miss, expects 20")
		l.Info().Int("status", 200).Msg("request done, expects 30")
		l.Warn().Msg("slow query, expects 40")
		l.Error().Err(errors.New("dial tcp: refused")).Msg("no connection, expects 50")
		l.WithLevel(zerolog.FatalLevel).Msg("disk gone, expects 60")
		l.WithLevel(zerolog.PanicLevel).Msg("bad state, expects 60")
	case "klog":
		klog.InitFlags(nil)
		flag.CommandLine.Parse([]string{"-logtostderr=true"})
		klog.Info("request done, expects 30")
		klog.InfoS("Pod status updated, expects 30", "pod", "kube-system/dns", "status", "ready")
		klog.Warning("slow query, expects 40")
		klog.Error("no connection, expects 50")
		klog.ErrorS(errors.New("refused"), "Could not connect, expects 50", "try", 3)
		klog.OsExit = func(int) {}
		klog.FatalDepth(0, "disk gone, expects 60")
	case "log":
		log.SetOutput(os.Stdout)
		log.Print("Starting, expects 30")
	}
}
